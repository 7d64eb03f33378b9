/** The codes a caller can meet; the list is closed, and mapped to the wire in `protocol/failure.ts` alone. */
export type ErrorCode =
  | "invalid"
  | "not_found"
  | "conflict"
  | "version_mismatch"
  | "not_owner"
  | "lease_lost"
  | "illegal_transition"
  | "too_large"
  | "storage_full"
  | "busy"
  | "forbidden"
  | "internal";

/**
 * A refusal that the caller can understand and mend. Anything else that is thrown is a bug. With code `internal`, which
 * is nobody's mistake, the message says what may be told, and the log has the `cause`.
 *
 * The message reads `Cannot <action> <noun> "<value>": <reason>`, then what would be accepted, without a final period.
 */
export class TaskError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, details?: Readonly<Record<string, unknown>>, options?: ErrorOptions) {
    super(message, options);
    this.name = "TaskError";
    this.code = code;
    this.details = details;
  }
}
