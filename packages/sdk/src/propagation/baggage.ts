import { type BaggageEntry, baggageEntryMetadataFromString } from '@opentelemetry/api';
import { trimOws } from './carrier.ts';

/** A key and its entry. */
export type BaggageMember = readonly [key: string, entry: Readonly<BaggageEntry>];

/** What a header held. */
export interface ParsedBaggage {
  readonly members: readonly BaggageMember[];
  /** Whether the header may be sent on as it is. */
  readonly isVerbatim: boolean;
}

/** Limits of the W3C Baggage specification, section 3.3.2: within both, everything is passed on. */
const MEMBERS_MAX = 64;
const BYTES_MAX = 8192;

/** A token of RFC 7230, section 3.2.6. */
const KEY = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/**
 * By character code: what a `baggage-octet` is, zero for all other characters. A text is as bad or as
 * plain as its characters together, see {@link octetsOf}.
 */
const OCTET_KINDS = new Uint8Array(256);
const PLAIN = 1;
const PERCENT = 3;
for (let code = 0x21; code < 0x7f; code += 1) {
  if (!'",;\\'.includes(String.fromCharCode(code))) OCTET_KINDS[code] = PLAIN;
}
OCTET_KINDS['%'.charCodeAt(0)] = PERCENT;
const PERCENT_RUN = /(?:%[0-9a-fA-F]{2})+/g;

const utf8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/** The keys that baggage may be carried under: a key that is no token cannot be written. */
export function carriedKeys(keys: readonly string[]): ReadonlySet<string> {
  return new Set(keys.filter((key) => KEY.test(key)));
}

/**
 * Parses the values of all `baggage` headers, which form one list (W3C Baggage, section 3.3). A
 * member that is not valid, not allowed or beyond the limits is left out; the others stay. Of a key
 * given twice the last value counts.
 *
 * @param header the values of all headers, joined by commas
 * @param keys those allowed, as of {@link carriedKeys}
 */
export function parseBaggage(header: string, keys: ReadonlySet<string>): ParsedBaggage {
  const members: BaggageMember[] = [];
  let isVerbatim = true;
  for (let from = 0; from <= header.length; ) {
    const comma = header.indexOf(',', from);
    const to = comma < 0 ? header.length : comma;
    if (to > BYTES_MAX || members.length === MEMBERS_MAX) return { members, isVerbatim: false };
    if (!addMember(members, header.slice(from, to), keys)) isVerbatim = false;
    from = to + 1;
  }
  return { members, isVerbatim };
}

/**
 * Adds the member that a text is, if it is valid and allowed.
 *
 * @returns whether the text may be sent on as it is
 */
function addMember(members: BaggageMember[], text: string, keys: ReadonlySet<string>): boolean {
  const equals = text.indexOf('=');
  if (equals < 0) return false;
  const key = trimOws(text.slice(0, equals));
  if (!keys.has(key)) return false;
  const semicolon = text.indexOf(';', equals);
  const encoded = trimOws(text.slice(equals + 1, semicolon < 0 ? text.length : semicolon));
  const octets = octetsOf(encoded);
  if (octets === 0) return false;
  const decoded = octets === PLAIN ? encoded : decodeStrictly(encoded);
  const entry: BaggageEntry = { value: decoded ?? decodeLoosely(encoded) };
  let chars = key.length + 1 + encoded.length;
  if (semicolon >= 0) {
    const properties = trimOws(text.slice(semicolon + 1));
    if (!areProperties(properties)) return false;
    entry.metadata = baggageEntryMetadataFromString(properties);
    chars += 1 + properties.length;
  }
  const before = indexOfKey(members, key);
  if (before < 0) members.push([key, entry]);
  else members[before] = [key, entry];
  return before < 0 && decoded !== undefined && chars === text.length;
}

/** @returns -1 when the key is not there */
export function indexOfKey(members: readonly BaggageMember[], key: string): number {
  for (let at = 0; at < members.length; at += 1) if (members[at]?.[0] === key) return at;
  return -1;
}

/** @returns `undefined` when a percent sign encodes nothing, or bytes are not UTF-8 */
function decodeStrictly(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Bytes that are not UTF-8 become U+FFFD, a percent sign that encodes nothing stays. */
function decodeLoosely(text: string): string {
  return text.replace(PERCENT_RUN, (run) =>
    utf8.decode(Buffer.from(run.replaceAll('%', ''), 'hex')),
  );
}

/**
 * The `baggage` header of the members with these keys: whole members, within the limits. Empty when
 * there is none.
 */
export function formatBaggage(
  members: readonly BaggageMember[],
  keys: ReadonlySet<string>,
): string {
  let header = '';
  let count = 0;
  for (const [key, { value, metadata }] of members) {
    if (count === MEMBERS_MAX) break;
    if (!keys.has(key) || typeof value !== 'string') continue;
    const properties = metadata === undefined ? '' : formatProperties(metadata.toString());
    const member = `${key}=${encodeValue(value)}${properties}`;
    const separator = count === 0 ? '' : ',';
    if (header.length + separator.length + member.length > BYTES_MAX) continue;
    header += separator + member;
    count += 1;
  }
  return header;
}

function encodeValue(value: string): string {
  return octetsOf(value) === PLAIN ? value : encodeURIComponent(value.toWellFormed());
}

/** Properties go on as they came, unless the header would not be valid with them. */
function formatProperties(text: string): string {
  const properties = trimOws(text);
  return properties !== '' && areProperties(properties) ? `;${properties}` : '';
}

/** Keys, and keys with values, with semicolons between them. */
function areProperties(text: string): boolean {
  return text.split(';').every((property) => {
    const equals = property.indexOf('=');
    if (equals < 0) return KEY.test(trimOws(property));
    const value = trimOws(property.slice(equals + 1));
    return KEY.test(trimOws(property.slice(0, equals))) && octetsOf(value) !== 0;
  });
}

/** `PLAIN`, or `PERCENT` when there is a percent sign among them; zero when not all are octets. */
function octetsOf(text: string): number {
  let kinds = PLAIN;
  for (let at = 0; at < text.length; at += 1) {
    const kind = OCTET_KINDS[text.charCodeAt(at)];
    if (!kind) return 0;
    kinds |= kind;
  }
  return kinds;
}
