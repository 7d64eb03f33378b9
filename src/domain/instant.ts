/**
 * One moment as the store saw it inside the transaction. `uptime` and `boot_id` tell two moments of one boot apart
 * whatever happens to the wall clock.
 */
export interface Instant {
  /** Milliseconds since the epoch. */
  wall: number;
  /** Seconds since the machine started; all its processes agree on them. */
  uptime: number;
  /** Changes with every start of the machine; absent where the system does not tell. */
  boot_id?: string | undefined;
}

/** ISO 8601, UTC, milliseconds: the only form in which a time is stored or answered. */
export function timestamp(now: Instant): string {
  return new Date(now.wall).toISOString();
}

/** A moment to come. Within the boot it was set in it is told by `uptime`; after a reboot, and without a boot id, by `at`. */
export interface Deadline {
  at: string;
  uptime: number;
  boot_id?: string | undefined;
}

/** The moment `seconds` after `now`. */
export function deadlineAfter(now: Instant, seconds: number): Deadline {
  const at = new Date(now.wall + seconds * 1000).toISOString();
  return { at, uptime: now.uptime + seconds, boot_id: now.boot_id };
}

/** Uptimes are whole seconds on some systems; the last one counts as not over, in the favour of whoever has the time. */
const RESOLUTION_S = 1;

/** Whether two deadlines are further apart than they can be told. */
export function differ(one: Deadline, other: Deadline): boolean {
  const sameBoot = one.boot_id !== undefined && one.boot_id === other.boot_id;
  const apart = sameBoot ? one.uptime - other.uptime : (Date.parse(one.at) - Date.parse(other.at)) / 1000;
  return Math.abs(apart) >= RESOLUTION_S;
}

/** Seconds until `deadline` has certainly passed, rounded up; 0 once it has. */
export function secondsUntil(deadline: Deadline, now: Instant): number {
  const sameBoot = now.boot_id !== undefined && now.boot_id === deadline.boot_id;
  const left = sameBoot ? deadline.uptime - now.uptime : (Date.parse(deadline.at) - now.wall) / 1000;
  return Math.max(0, Math.ceil(left + RESOLUTION_S));
}
