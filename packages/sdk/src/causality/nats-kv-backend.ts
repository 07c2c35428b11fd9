import {
  allDone,
  type BackendOptions,
  keyNames,
  type RegistryBackend,
} from './registry-backend.ts';

/** What we need of an opened bucket: that of `@nats-io/kv` 3, or that of `nats` 2. */
export interface NatsKv {
  put(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<{ readonly operation: string; string(): string } | null>;
  purge(key: string): Promise<unknown>;
}

/**
 * Keeps a registry's entries in a NATS key-value bucket, which the caller creates, with the
 * registry's `ageMsMax` as the bucket's `ttl`: NATS forgets by bucket, not by entry.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` when the namespace is not usable
 */
export function natsKvBackend(kv: NatsKv, options: BackendOptions): RegistryBackend {
  const nameOf = keyNames('.', options);
  const apply = async (key: string, value: string | undefined): Promise<unknown> =>
    value === undefined ? kv.purge(nameOf(key)) : kv.put(nameOf(key), value);
  return {
    name: 'NATS KV',
    write: (changes) => allDone(changes.map(({ key, value }) => apply(key, value))),
    async read(key) {
      const entry = await kv.get(nameOf(key));
      return entry?.operation === 'PUT' ? entry.string() : undefined;
    },
  };
}
