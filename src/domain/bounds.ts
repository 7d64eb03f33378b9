/** What a number may be, and is when nobody says. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly usual: number;
}

/** Bounds as they are told to people. */
export const range = ({ least, most }: Bounds) => `${least}–${most}`;

/** The bounds of a lease, in seconds. */
export const LEASE_SECONDS: Bounds = { least: 60, most: 86_400, usual: 3600 };

/** The bounds of the time for which an offer waits for its addressee alone, in seconds. */
export const OFFER_SECONDS: Bounds = { least: 60, most: 2_592_000, usual: 86_400 };
