const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_DIGITS = 9;
const RANDOM_DIGITS = 6;

/**
 * Makes ids of 15 characters that sort by their time: nine base-32 digits of milliseconds, six at random. Ids of one
 * process are strictly increasing.
 */
export function createIds(): () => string {
  let last = 0;
  return () => {
    last = Math.max(Date.now(), last + 1);
    return timeDigits(last) + randomDigits(RANDOM_DIGITS);
  };
}

const TOKEN_DIGITS = 12;

/** A token of sixty random bits that nobody can guess. */
export function createToken(): string {
  return randomDigits(TOKEN_DIGITS);
}

function randomDigits(count: number): string {
  let digits = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(count))) {
    digits += DIGITS.charAt(byte % DIGITS.length);
  }
  return digits;
}

function timeDigits(milliseconds: number): string {
  let rest = milliseconds;
  let digits = "";
  for (let place = 0; place < TIME_DIGITS; place++) {
    digits = DIGITS.charAt(rest % DIGITS.length) + digits;
    rest = Math.floor(rest / DIGITS.length);
  }
  return digits;
}
