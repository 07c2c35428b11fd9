import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Account } from '../venue/account.ts';
import type { Venue } from '../venue/venue.ts';
import { VenueError } from '../venue/venue-error.ts';

const RECEIVE_WINDOW_MS = 5_000;
const RECEIVE_WINDOW_MS_MAX = 60_000;
/** How far a client's clock may be ahead. */
const AHEAD_MS_MAX = 1_000;

/** What proves that a request comes from an account's owner. All values are as received. */
export interface Credentials {
  readonly apiKey: string | undefined;
  readonly signature: string | undefined;
  /** The text that was signed. */
  readonly payload: string;
  readonly timestamp: string | undefined;
  readonly recvWindow: string | undefined;
}

/**
 * Checks key, HMAC-SHA256 signature and time. Keys and signatures are compared in constant time.
 *
 * @throws VenueError -2015 unknown key, -1102 missing parameter, -1022 wrong signature, -1021 wrong
 * time
 * @see https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security
 */
export function authenticate(venue: Venue, credentials: Credentials): Account {
  const account = findAccount(venue, credentials.apiKey ?? '');
  if (!account) throw new VenueError('rejectedApiKey');
  if (credentials.signature === undefined) throw new VenueError('parameterMissing', 'signature');
  const expected = createHmac('sha256', account.secret).update(credentials.payload).digest();
  const given = Buffer.from(credentials.signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new VenueError('invalidSignature');
  }
  checkTime(credentials, venue.now());
  return account;
}

/** @throws VenueError -1102 without a timestamp, -1021 when it is outside the receive window */
function checkTime({ timestamp, recvWindow }: Credentials, nowMs: number): void {
  if (timestamp === undefined) throw new VenueError('parameterMissing', 'timestamp');
  const sentMs = Number(timestamp);
  const windowMs = recvWindow === undefined ? RECEIVE_WINDOW_MS : Number(recvWindow);
  if (!(windowMs >= 0 && windowMs <= RECEIVE_WINDOW_MS_MAX)) {
    throw new VenueError('invalidParameter', 'recvWindow');
  }
  if (!(sentMs <= nowMs + AHEAD_MS_MAX && nowMs - sentMs <= windowMs)) {
    throw new VenueError('invalidTimestamp');
  }
}

function findAccount(venue: Venue, apiKey: string): Account | undefined {
  const digest = digestOf(apiKey);
  let found: Account | undefined;
  for (const account of venue.accounts.values()) {
    if (timingSafeEqual(digestOf(account.apiKey), digest)) found = account;
  }
  return found;
}

/** Digests have one length, so that comparing them tells nothing about a key's length. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
