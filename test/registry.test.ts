// Registries that several instances share, over real Redis and NATS servers.
// Run alone: npx vitest run --project system test/registry.test.ts
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket, connect as tcpConnect } from 'node:net';
import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import {
  natsKvBackend,
  type RegistryBackend,
  redisBackend,
  registryKey,
  SharedRegistry,
  type SharedRegistryOptions,
} from '@throughline/sdk';
import { connect as connectNats2 } from 'nats';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startNats } from '../scripts/provision/nats.ts';
import { startRedis } from '../scripts/provision/redis.ts';
import type { TestServer } from '../scripts/provision/server-process.ts';

const AGE_MS_MAX = 60_000;
const SHORT_AGE_MS = 2_000;
const RECONNECT_MS = 50;
/** Of requests: a server that stands still for some seconds is an error only where that is the point. */
const PATIENT = { timeout: 10_000 };

const servers = {} as Record<'redis' | 'nats', TestServer>;
const cleanups: (() => unknown)[] = [];
let namespace = 'registry';

beforeAll(async () => {
  Object.assign(servers, { redis: await startRedis(), nats: await startNats() });
});
afterAll(async () => {
  for (const server of Object.values(servers)) await server.stop();
});
beforeEach(() => {
  namespace = `registry-${crypto.randomUUID()}`;
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Connects one more instance's client to the port, which is the server's or a proxy's. */
type Connect = (port: number, ageMsMax?: number) => Promise<RegistryBackend>;

async function connectRedis(port: number) {
  const socket = { host: '127.0.0.1', port, reconnectStrategy: () => RECONNECT_MS };
  const client = createClient({ socket });
  client.on('error', () => undefined);
  await client.connect();
  cleanups.push(() => client.destroy());
  return client;
}

/** The names differ in what their clients are like. */
const CLIENTS: readonly [name: string, server: keyof typeof servers, connect: Connect][] = [
  ['redis', 'redis', async (port) => redisBackend(await connectRedis(port), { namespace })],
  [
    'a client with the interface of ioredis',
    'redis',
    async (port) => {
      const client = await connectRedis(port);
      const call = (...args: string[]) => client.sendCommand(args);
      return redisBackend({ call }, { namespace });
    },
  ],
  [
    '@nats-io/kv',
    'nats',
    async (port, ttl = AGE_MS_MAX) => {
      const connection = await connect(natsOptions(port));
      cleanups.push(() => connection.close());
      const kv = await new Kvm(jetstream(connection, PATIENT)).create(`age-${ttl}`, { ttl });
      return natsKvBackend(kv, { namespace });
    },
  ],
  [
    'nats 2',
    'nats',
    async (port, ttl = AGE_MS_MAX) => {
      const connection = await connectNats2(natsOptions(port));
      cleanups.push(() => connection.close());
      const kv = await connection.jetstream(PATIENT).views.kv(`age-${ttl}`, { ttl });
      return natsKvBackend(kv, { namespace });
    },
  ],
];

function natsOptions(port: number) {
  return {
    servers: `127.0.0.1:${port}`,
    ignoreClusterUpdates: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: 0,
  };
}

function startInstance(backend: RegistryBackend, options: SharedRegistryOptions = {}) {
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const registry = new SharedRegistry(backend, { deadlineMs: PATIENT.timeout, log, ...options });
  return { registry, lines };
}

const spanContext = (number: number) => ({
  traceId: number.toString(16).padStart(32, 'a'),
  spanId: number.toString(16).padStart(16, 'b'),
  traceFlags: number % 4,
});
const remote = (number: number) => ({ ...spanContext(number), isRemote: true });

test.each(
  CLIENTS,
)('%s: what one instance sets another finds, by any key', async (_, name, open) => {
  const { port } = servers[name];
  const [first, second] = [await open(port), await open(port)].map(
    (backend) => startInstance(backend).registry,
  );
  const keys = ['', 'a.b', '*', '>', 'a b\r\nDEL x', '$KV', 'ü😀', '\0', 'x'.repeat(10_000)];
  for (const [number, key] of keys.entries())
    first?.set(registryKey('u1', key), spanContext(number));
  expect(await first?.flush(60_000)).toBe(true);
  for (const [number, key] of keys.entries()) {
    expect(second?.get(registryKey('u1', key))).toBeUndefined();
    expect(await second?.find(registryKey('u1', key))).toEqual(remote(number));
    expect(second?.get(registryKey('u1', key))).toEqual(remote(number));
  }
  expect(await second?.find('unknown')).toBeUndefined();
  expect(first?.stats()).toMatchObject({ writes: keys.length, writesFailed: 0, writesQueued: 0 });
  expect(second?.stats()).toMatchObject({
    sharedHits: keys.length,
    sharedMisses: 1,
    sharedErrors: 0,
  });
});

test.each(CLIENTS)('%s: what is deleted is found by nobody', async (_, name, open) => {
  const { port } = servers[name];
  const { registry: first } = startInstance(await open(port));
  const { registry: second } = startInstance(await open(port));
  first.set('a', spanContext(1));
  await first.flush(60_000);
  first.delete('a');
  await first.flush(60_000);
  expect(await second.find('a')).toBeUndefined();
  expect(second.stats()).toMatchObject({ sharedMisses: 1, sharedErrors: 0 });
});

test.each(
  CLIENTS,
)('%s: registries of different names do not see each other', async (_, name, open) => {
  const { port } = servers[name];
  const { registry: first } = startInstance(await open(port));
  namespace = 'other';
  const { registry: other } = startInstance(await open(port));
  first.set('a', spanContext(1));
  await first.flush(60_000);
  expect(await other.find('a')).toBeUndefined();
});

test.each(CLIENTS)('%s: an entry is forgotten after its age', async (_, name, open) => {
  const { port } = servers[name];
  const { registry } = startInstance(await open(port, SHORT_AGE_MS), {
    ageMsMax: SHORT_AGE_MS,
  });
  const backend = await open(port, SHORT_AGE_MS);
  // A new instance each time, for one that found it would know it.
  const found = () => startInstance(backend).registry.find('a');
  // Again where the machine stood still for as long as an entry lives.
  const setAndFound = async () => {
    registry.set('a', spanContext(1));
    await registry.flush(60_000);
    return found();
  };
  await expect.poll(setAndFound).toEqual(remote(1));
  await expect.poll(found, { interval: 200 }).toBeUndefined();
});

test.each(CLIENTS)('%s: a restart of the server loses nothing', async (_, name, open) => {
  const server = servers[name];
  const options = { ageMsMax: AGE_MS_MAX, deadlineMs: 200 };
  const { registry: first, lines } = startInstance(await open(server.port), options);
  const { registry: second } = startInstance(await open(server.port), options);
  const set = (from: number, to: number) => {
    for (let number = from; number < to; number += 1) first.set(`k${number}`, spanContext(number));
  };
  set(0, 50);
  await server.pause('SIGKILL');
  set(50, 100);
  expect(first.get('k99')).toEqual(spanContext(99));
  expect(await second.find('unknown')).toBeUndefined();
  expect(second.stats().sharedErrors).toBe(1);
  await server.resume();
  expect(await first.flush(60_000)).toBe(true);
  expect(first.stats()).toMatchObject({ writesDropped: 0, writesQueued: 0 });
  expect(lines.length).toBeLessThanOrEqual(2);
  // What was answered before the kill may not have reached the disk: that is the server's promise.
  for (let number = 50; number < 100; number += 1) {
    await expect.poll(() => second.find(`k${number}`)).toEqual(remote(number));
  }
});

test.each(CLIENTS)('%s: a server that stands still holds up nobody', async (_, name, open) => {
  const proxy = await startProxy(servers[name].port);
  const { registry: first } = startInstance(await open(servers[name].port));
  const { registry: second } = startInstance(await open(proxy.port), { deadlineMs: 100 });
  first.set('a', spanContext(1));
  await first.flush(60_000);
  proxy.stall();
  const turns = countTurns();
  for (let number = 0; number < 100; number += 1) second.set(`k${number}`, spanContext(number));
  expect(second.get('k7')).toEqual(spanContext(7));
  expect(await Promise.all([second.find('a'), second.find('k7')])).toEqual([
    undefined,
    spanContext(7),
  ]);
  expect(turns()).toBeGreaterThan(0);
  expect(second.stats()).toMatchObject({ sharedErrors: 1, writes: 0, writesQueued: 100 });
  proxy.goOn();
  expect(await second.flush(60_000)).toBe(true);
  await expect.poll(() => second.find('a')).toEqual(remote(1));
  expect(await first.find('k42')).toEqual(remote(42));
});

/** How often the event loop came round since. */
function countTurns(): () => number {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 5);
  return () => {
    clearInterval(timer);
    return turns;
  };
}

/** Passes bytes on to a port, and keeps them while it stands still. */
async function startProxy(target: number) {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = tcpConnect(target, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to).on('error', () => undefined);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    stall: () => sockets.forEach((socket) => void socket.pause()),
    goOn: () => sockets.forEach((socket) => void socket.resume()),
  };
}
