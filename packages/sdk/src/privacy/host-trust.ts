import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** Loopback, private (RFC 1918, RFC 4193) and link-local; as well where IPv6 carries such an IPv4 address. */
const OUR_ADDRESSES = new BlockList();
OUR_ADDRESSES.addSubnet('127.0.0.0', 8);
OUR_ADDRESSES.addSubnet('10.0.0.0', 8);
OUR_ADDRESSES.addSubnet('172.16.0.0', 12);
OUR_ADDRESSES.addSubnet('192.168.0.0', 16);
OUR_ADDRESSES.addSubnet('169.254.0.0', 16);
OUR_ADDRESSES.addAddress('::1', 'ipv6');
OUR_ADDRESSES.addSubnet('fc00::', 7, 'ipv6');
OUR_ADDRESSES.addSubnet('fe80::', 10, 'ipv6');

/** What no public name ends in; `.cluster.local` is one of them. */
const OUR_SUFFIXES = ['.localhost', '.local', '.internal', '.svc', '.lan', '.home.arpa'];

const NAME = /^[a-z0-9_][a-z0-9_-]*(\.[a-z0-9_-]+)*\.?$/i;
/** Taken for an IPv4 address by whoever looks it up, in one of its odd forms (WHATWG URL, host parsing). */
const ENDS_IN_NUMBER = /(^|\.)(\d+|0x[0-9a-f]*)\.?$/i;

/**
 * Whether a host is one of ours, so that it may have our context: by its form, as an address of a
 * private network or a name that is not a public one, or because it is listed. What is not clearly
 * ours is not: an address in an unusual form may be any.
 *
 * @param host a name or an address, as it stands in a URL or alone; a port does not matter
 * @param trustedHosts what {@link hostPattern} made
 */
export function hostIsTrusted(host: string, trustedHosts: readonly string[]): boolean {
  if (trustedHosts.includes('*')) return true;
  const text = withoutPort(host);
  const plain = plainHost(text);
  if (plain === undefined) return false;
  const isOurs = isIP(plain) ? isOurAddress(plain) : isOurName(text, plain);
  return isOurs || trustedHosts.some((pattern) => matches(plain, pattern));
}

/**
 * An item of a list of hosts, in the form that is compared: a name, an address, `*.suffix` for all
 * names below one, or `*`.
 *
 * @returns `undefined` for what is none of them
 */
export function hostPattern(text: string): string | undefined {
  if (text === '*') return text;
  if (!text.startsWith('*.')) return withoutPort(text) === text ? plainHost(text) : undefined;
  const suffix = plainName(text.slice(2));
  return suffix === undefined ? undefined : `*.${suffix}`;
}

function matches(plain: string, pattern: string): boolean {
  return pattern.startsWith('*') ? plain.endsWith(pattern.slice(1)) : plain === pattern;
}

function isOurAddress(address: string): boolean {
  return OUR_ADDRESSES.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

/** A dot at the end makes a name absolute: then it is no short one. */
function isOurName(text: string, plain: string): boolean {
  return !text.includes('.') || OUR_SUFFIXES.some((suffix) => `.${plain}`.endsWith(suffix));
}

function withoutPort(host: string): string {
  return isIPv6(host) ? host : host.replace(/:\d*$/, '');
}

/** @returns `undefined` for what is no name and no address in its usual form */
function plainHost(text: string): string | undefined {
  const address = text.replace(/^\[(.*)\]$/, '$1');
  if (!isIPv6(address)) return isIPv4(text) ? text : plainName(text);
  // One with a zone stands in no URL; it is compared as it is.
  return URL.parse(`http://[${address}]`)?.hostname.slice(1, -1) ?? address.toLowerCase();
}

function plainName(text: string): string | undefined {
  if (!NAME.test(text) || ENDS_IN_NUMBER.test(text)) return undefined;
  return text.toLowerCase().replace(/\.$/, '');
}
