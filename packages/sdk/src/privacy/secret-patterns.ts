/*
 * What secrets look like, wherever they stand. Each expression is read in linear time: whatever has
 * no bound matches as soon as its minimum is there, everything else has one. None fits an id of 32
 * hex digits, a UUID, a number, a time or a symbol. A part whose name begins with `kept` is not
 * hidden.
 */

/** Secrets that have a sign of their own, each in {@link MARK}. */
const MARKED_SECRETS: readonly RegExp[] = [
  // Private keys in PEM; of one that is cut off, all the rest.
  /-----BEGIN[A-Z\d %+]{1,40}PRIVATE(?: |%20|\+)KEY[A-Z\d %+]{0,20}-----[\s\S]*?(?:-----END[A-Z\d %+]{1,40}KEY[A-Z\d %+]{0,20}-----|$)/,
  // JSON Web Tokens, signed or encrypted: base64url of `{"...`, and at least one more part.
  /eyJ[\w-]{8,2048}\.[\w-]{8,}(?:\.[\w-]*){0,3}/,
  // Credentials of HTTP's Authorization header (RFC 6750, section 2.1; RFC 7617). Prose such as
  // "Basic validation" is not base64 of a name and a password.
  /(?<kept>(?:Bearer|bearer|BEARER)(?:\s|%20|\+){1,4})[\w.~+/=-]{6,}/,
  /(?<kept>(?:Basic|basic|BASIC)(?:\s|%20|\+){1,4})(?=[\d+/]{0,64}[A-Za-z])(?=[\w+/][a-z]{0,64}[A-Z\d+/=%])[A-Za-z\d+/%]{6,}={0,2}/,
  // The password in an address: `postgres://user:password@host`. A port is not one.
  /(?<kept>:\/\/[^\s/?#:@"']{0,128}:)(?!\d{1,5}[/?#])(?:[^\s"'/?#]{1,256}|[^\s@"']{1,256})(?=@)/,
  // AWS access keys.
  /A(?:KIA|SIA)[A-Z\d]{16}/,
  // GitHub, GitLab, npm.
  /gh[a-z]_[A-Za-z\d]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|npm_[A-Za-z\d]{36}/,
  // Slack, Telegram.
  /xox[a-z]-[A-Za-z\d-]{15,}|xapp-[A-Za-z\d-]{15,}|\d{8,10}(?::|%3A)AA[\w-]{33}/,
  // Stripe, Google, OpenAI, Anthropic.
  /[rs]k_(?:live|test)_[A-Za-z\d]{16,}|whsec_[A-Za-z\d]{16,}|AIza[\w-]{35}|sk-(?:ant|proj)-[\w-]{16,}/,
  // Extended private keys of a wallet (BIP 32).
  /[a-z]prv[1-9A-HJ-NP-Za-km-z]{100,}/,
];
const MARK =
  /-----BEGIN|eyJ|earer|EARER|asic|ASIC|:\/\/|AKIA|ASIA|gh[a-z]_|github_pat_|glpat-|npm_|xox[a-z]-|xapp-|(?::|%3A)AA|[rs]k_(?:live|test)|whsec_|AIza|sk-(?:ant|proj)|prv/;

/**
 * Keys and secrets of exchanges, which are a long run of characters and nothing else. Searched for
 * one after the other: part of the first may look like the second.
 */
const LONG_SECRETS: readonly RegExp[] = [
  // Base64 of 64 bytes (Kraken, Coinbase).
  /(?<=^|[^A-Za-z\d+/]|%[A-Fa-f\d]{2}|\\[nrt])(?:[A-Za-z\d+/]|%2[BF]){86}(?:==|%3D%3D)/g,
  // 64 letters and digits (Binance). A transaction hash is longer by its `0x`.
  /(?<=^|[^A-Za-z\d]|%[A-Fa-f\d]{2}|\\[nrt])(?=\d{0,63}[A-Za-z])[A-Za-z\d]{64}(?![A-Za-z\d])/g,
];
const RUN_CHARS_MIN = 64;
const RUN_CHAR = /[A-Za-z\d+/%]/;

/**
 * In shorter text, these signs are all that a secret can have: a key before it, or the name of an
 * authentication scheme.
 */
const MARKED_CHARS_MIN = 20;
const SHORT_MARK = /[:=]|%3|earer|EARER|asic|ASIC/;

export const SECRET_PATTERNS: readonly RegExp[] = [...MARKED_SECRETS, ...LONG_SECRETS];

/** One expression for many: the text is read once. To Node 22 a name that comes twice is an error. */
const ANY_MARKED = new RegExp(
  MARKED_SECRETS.map(({ source }, index) => source.replace('<kept>', `<kept${index}>`)).join('|'),
  'g',
);

/**
 * Whether a text is too short for a secret, and has no key before it: most values are, and are to
 * cost nothing.
 */
export function isShortAndPlain(text: string): boolean {
  return text.length < MARKED_CHARS_MIN && !SHORT_MARK.test(text);
}

/**
 * Replaces every secret.
 *
 * @param hide a replacer as of `String.replace`
 * @returns the same string when there is none
 */
export function replaceSecrets(value: string, hide: (match: string) => string): string {
  const shown = MARK.test(value) ? value.replace(ANY_MARKED, hide) : value;
  if (!hasLongRun(shown)) return shown;
  return LONG_SECRETS.reduce((text, pattern) => text.replaceAll(pattern, hide), shown);
}

/** Looks at one character in 64: a run of so many cannot lie between two of them. */
function hasLongRun(text: string): boolean {
  for (let at = RUN_CHARS_MIN - 1; at < text.length; at += RUN_CHARS_MIN) {
    let from = at;
    while (from >= 0 && RUN_CHAR.test(text[from] ?? '')) from -= 1;
    let to = at + 1;
    while (to < text.length && RUN_CHAR.test(text[to] ?? '')) to += 1;
    if (to - from > RUN_CHARS_MIN) return true;
  }
  return false;
}
