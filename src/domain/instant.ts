/**
 * One moment as the store saw it inside the transaction. `uptime` and `boot_id` tell two moments of one boot apart
 * whatever happens to the wall clock.
 */
export interface Instant {
  /** Milliseconds since the epoch. */
  wall: number;
  /** Seconds since the machine started. */
  uptime: number;
  /** Changes with every start of the machine; absent where the system does not tell. */
  boot_id?: string | undefined;
}

/** ISO 8601, UTC, milliseconds: the only form in which a time is stored or answered. */
export function timestamp(now: Instant): string {
  return new Date(now.wall).toISOString();
}
