import { invalidFlag, urlOf } from './arguments.ts';
import type { OrdersVenue } from './orders.ts';

const NAMED = /^([a-z][a-z0-9_-]{0,15})=(.*)$/;
const WEIGHT_MAX = 1_000_000;

interface VenueFlags {
  /** Each `[NAME=]URL`; those of one venue have the same name, or the same place. */
  readonly wsApis: readonly string[];
  readonly rests: readonly string[];
  /** `NAME=N,NAME=N`; who is not named has weight 1. */
  readonly weights: string;
}

/**
 * The venues that the flags name, in the order of `--exchange-ws-api`. One without a name is called
 * by its place: `venue-1`.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readVenues({ wsApis, rests, weights }: VenueFlags): OrdersVenue[] {
  const wsApiUrls = readUrls('exchange-ws-api', wsApis, ['ws:', 'wss:']);
  const restUrls = readUrls('exchange-rest', rests, ['http:', 'https:']);
  for (const name of restUrls.keys()) {
    if (!wsApiUrls.has(name)) throw invalidFlag(`--exchange-ws-api of ${name} is missing`);
  }
  const weightByName = readWeights(weights, wsApiUrls);
  return [...wsApiUrls].map(([name, wsApiUrl]) => {
    const restUrl = restUrls.get(name);
    if (restUrl === undefined) throw invalidFlag(`--exchange-rest of ${name} is missing`);
    return { name, wsApiUrl, restUrl, weight: weightByName.get(name) ?? 1 };
  });
}

/** By the name of the venue. */
function readUrls(
  flag: string,
  texts: readonly string[],
  protocols: readonly string[],
): Map<string, string> {
  if (texts.length === 0) throw invalidFlag(`--${flag} is missing`);
  const urls = new Map<string, string>();
  for (const [index, text] of texts.entries()) {
    const [, name = `venue-${index + 1}`, url = text] = NAMED.exec(text) ?? [];
    if (urls.has(name)) throw invalidFlag(`--${flag} ${text}: ${name} has one already`);
    urls.set(name, urlOf(flag, url, protocols));
  }
  return urls;
}

function readWeights(text: string, venues: ReadonlyMap<string, unknown>): Map<string, number> {
  const refuse = (reason: string) => invalidFlag(`--venue-weights ${text}: ${reason}`);
  const weights = new Map<string, number>();
  for (const part of text === '' ? [] : text.split(',')) {
    const [, name = '', digits = ''] = NAMED.exec(part) ?? [];
    const weight = Number(digits);
    if (!venues.has(name)) throw refuse(`no venue is called ${name || part}`);
    if (!/^\d+$/.test(digits) || weight < 1 || weight > WEIGHT_MAX) {
      throw refuse(`a weight is a whole number from 1 to ${WEIGHT_MAX}`);
    }
    weights.set(name, weight);
  }
  return weights;
}
