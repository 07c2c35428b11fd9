import { hash } from 'node:crypto';
import { ThroughlineError } from '@throughline/model/names';

/** One change of the shared store. */
export interface BackendWrite {
  readonly key: string;
  /** Text to be found under the key; `undefined` deletes it. */
  readonly value: string | undefined;
  /** How long the store shall keep it: a positive whole number. */
  readonly ttlMs: number;
}

/**
 * A store that several instances of a service share. It may be slow, fail and come back: who uses
 * it bounds the calls under way and never waits for one that matters.
 */
export interface RegistryBackend {
  /** What to call it in the log. */
  readonly name: string;
  /**
   * Makes the changes in any order; no key is in there twice. Settles when all of them have, and
   * rejects when one failed.
   */
  write(changes: readonly BackendWrite[]): Promise<void>;
  /** `undefined` when the store knows nothing of the key. Rejects when it cannot say. */
  read(key: string): Promise<string | undefined>;
}

export interface BackendOptions {
  /**
   * Keeps registries apart that share a store: one name for each registry, the same in all
   * instances of the service. 1 to 64 letters, digits, `_` and `-`.
   */
  readonly namespace: string;
}

const NAMESPACE = /^[\w-]{1,64}$/;

/**
 * The names of a namespace's keys in the store: the hash of a key is legal everywhere, of one
 * length, cannot be made to name anything else, and shows nobody whose order it was.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` when the namespace is not usable
 */
export function keyNames(
  separator: string,
  { namespace }: BackendOptions,
): (key: string) => string {
  if (!NAMESPACE.test(namespace)) {
    const given = JSON.stringify(namespace);
    const message = `a registry's namespace is 1 to 64 letters, digits, _ and -, not ${given}`;
    throw new ThroughlineError('TL_CONFIG_INVALID', message);
  }
  const prefix = `throughline${separator}${namespace}${separator}`;
  return (key) => prefix + hash('sha256', key, 'base64url');
}

/** Waits until all have settled. @throws the first reason why one was rejected */
export async function allDone(calls: readonly Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(calls)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
