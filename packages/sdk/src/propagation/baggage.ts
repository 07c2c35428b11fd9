import {
  type Baggage,
  type BaggageEntry,
  baggageEntryMetadataFromString,
  propagation,
} from '@opentelemetry/api';
import { trimOws } from './carrier.ts';

/** Limits of the W3C Baggage specification, section 3.3.2: within both, everything is passed on. */
const MEMBERS_MAX = 64;
const BYTES_MAX = 8192;

/** A token of RFC 7230, section 3.2.6. */
const KEY = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/**
 * Characters of a value that need no percent-encoding: `baggage-octet` without the percent sign.
 */
const PLAIN_VALUE = /^[\x21\x23\x24\x26-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;
const BAGGAGE_OCTETS = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;
const PERCENT_RUN = /(?:%[0-9a-fA-F]{2})+/g;

const utf8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/**
 * Parses the values of all `baggage` headers, which form one list (W3C Baggage, section 3.3). A
 * member that is not valid, not allowed or beyond the limits is left out; the others stay.
 *
 * @returns `undefined` when nothing is left
 */
export function parseBaggage(
  headers: readonly string[],
  isAllowed: (key: string) => boolean,
): Baggage | undefined {
  let baggage: Baggage | undefined;
  let members = 0;
  let bytes = 0;
  for (const header of headers) {
    for (const member of header.slice(0, BYTES_MAX + 1).split(',')) {
      bytes += member.length + 1;
      if (bytes > BYTES_MAX + 1 || members >= MEMBERS_MAX) return baggage;
      const parsed = parseMember(member);
      if (!parsed) continue;
      members += 1;
      if (!isAllowed(parsed.key)) continue;
      baggage = (baggage ?? propagation.createBaggage()).setEntry(parsed.key, parsed.entry);
    }
  }
  return baggage;
}

function parseMember(member: string): { key: string; entry: BaggageEntry } | undefined {
  const end = member.indexOf(';');
  const pair = end < 0 ? member : member.slice(0, end);
  const equals = pair.indexOf('=');
  if (equals < 0) return undefined;
  const key = trimOws(pair.slice(0, equals));
  const text = trimOws(pair.slice(equals + 1));
  if (!KEY.test(key) || !BAGGAGE_OCTETS.test(text)) return undefined;
  const value = decodeValue(text);
  if (end < 0) return { key, entry: { value } };
  const metadata = baggageEntryMetadataFromString(trimOws(member.slice(end + 1)));
  return { key, entry: { value, metadata } };
}

/** Percent-decodes; bytes that are not UTF-8 become U+FFFD, a lone percent sign stays. */
function decodeValue(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(PERCENT_RUN, (run) =>
    utf8.decode(Buffer.from(run.replaceAll('%', ''), 'hex')),
  );
}

/** The `baggage` header of the allowed entries, whole members within the limits; empty for none. */
export function formatBaggage(baggage: Baggage, isAllowed: (key: string) => boolean): string {
  let header = '';
  let members = 0;
  for (const [key, entry] of baggage.getAllEntries()) {
    if (!isAllowed(key) || !KEY.test(key)) continue;
    const properties = formatProperties(entry);
    const member = `${key}=${encodeValue(entry.value)}${properties}`;
    const separator = members === 0 ? 0 : 1;
    if (members >= MEMBERS_MAX || header.length + separator + member.length > BYTES_MAX) continue;
    header += separator === 0 ? member : `,${member}`;
    members += 1;
  }
  return header;
}

function encodeValue(value: string): string {
  if (PLAIN_VALUE.test(value)) return value;
  return encodeURIComponent(value.toWellFormed());
}

/** Properties go on as they came, unless they would break the header apart. */
function formatProperties({ metadata }: BaggageEntry): string {
  const text = metadata?.toString() ?? '';
  return text !== '' && /^[\x20-\x2b\x2d-\x7e]*$/.test(text) ? `;${text}` : '';
}
