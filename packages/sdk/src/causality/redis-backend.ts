import {
  allDone,
  type BackendOptions,
  keyNames,
  type RegistryBackend,
} from './registry-backend.ts';

/** What we need of a connected client: that of `redis`, or that of `ioredis`. */
export type RedisClient =
  | { sendCommand(args: string[]): Promise<unknown>; readonly call?: never }
  | { call(command: string, ...args: string[]): Promise<unknown> };

/**
 * Keeps a registry's entries in Redis, each for its own time. The client is the caller's, who
 * connects it, handles its errors, and closes it.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` when the namespace is not usable
 */
export function redisBackend(client: RedisClient, options: BackendOptions): RegistryBackend {
  const nameOf = keyNames(':', options);
  const send = async (command: string, ...args: string[]): Promise<unknown> =>
    client.call ? client.call(command, ...args) : client.sendCommand([command, ...args]);
  return {
    name: 'Redis',
    write(changes) {
      // Sent in one go: both clients pipeline what is called before they get to write.
      const calls = changes.map(({ key, value, ttlMs }) =>
        value === undefined
          ? send('DEL', nameOf(key))
          : send('SET', nameOf(key), value, 'PX', String(ttlMs)),
      );
      return allDone(calls);
    },
    async read(key) {
      const value = await send('GET', nameOf(key));
      return value === null || value === undefined ? undefined : String(value);
    },
  };
}
