import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

/**
 * Looks up a host's name once at a time, however many connections ask for it. A lookup occupies one
 * of the few threads that files and cryptography need too, for as long as the name server does not
 * answer, and cannot be given up.
 */
export function sharedLookup(): LookupFunction {
  let waiting: Parameters<LookupFunction>[2][] = [];
  return (hostname, options, callback) => {
    if (waiting.push(callback) > 1) return;
    lookup(hostname, options, (error, address, family) => {
      const answered = waiting;
      waiting = [];
      for (const answer of answered) answer(error, address, family);
    });
  };
}
