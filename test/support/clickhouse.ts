import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { engineEnvironment } from '../../packages/store/src/engine/config.ts';
import type { OpenMessage, ReadyMessage } from '../../packages/store/src/engine/protocol.ts';
import { ROOT } from './process.ts';

const CHILD = join(ROOT, 'packages', 'store', 'src', 'engine', 'child.ts');
const MEMORY_BYTES_MAX = 1024 ** 3;
const PASSWORD = "it's a /secret?&";

/**
 * A ClickHouse server as a store meets it over `--clickhouse-url`: an address and a password that stay the
 * same while the process behind it dies and comes back. The process is our engine's, which speaks
 * ClickHouse's HTTP interface; no store started it.
 */
export interface ClickHouseServer {
  readonly url: string;
  readonly password: string;
  /** Of a SELECT without parameters. */
  rows<Row>(query: string): Promise<Row[]>;
  command(query: string, database?: string): Promise<void>;
  /** What `--clickhouse-url` and its flags are for this server. */
  flags(database: string): string[];
  /** As by `kill -9`. Until `start`, nobody answers. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** @param config of the server, as XML below its root element */
export async function startClickHouse(config = ''): Promise<ClickHouseServer> {
  const dir = mkdtempSync(join(tmpdir(), 'clickhouse-'));
  if (config !== '') writeFileSync(join(dir, 'config.xml'), `<clickhouse>${config}</clickhouse>`);
  let child: ChildProcess | undefined;
  let enginePort = 0;
  const sockets = new Set<Socket>();
  const door = createServer((socket) => {
    const engine = connect(enginePort, '127.0.0.1');
    for (const [end, other] of [
      [socket, engine],
      [engine, socket],
    ] as const) {
      sockets.add(end);
      end.on('error', () => other.destroy());
      end.once('close', () => {
        sockets.delete(end);
        other.destroy();
      });
      end.pipe(other);
    }
  }).listen(0, '127.0.0.1');
  await once(door, 'listening');

  const start = async (): Promise<void> => {
    child = fork(CHILD, { execArgv: [], cwd: dir, env: engineEnvironment(), stdio: 'ignore' });
    const open: OpenMessage = {
      type: 'open',
      path: dir,
      password: PASSWORD,
      memoryBytesMax: MEMORY_BYTES_MAX,
    };
    child.send(open);
    const [{ port }] = (await once(child, 'message')) as [ReadyMessage];
    enginePort = port;
  };
  const kill = async (): Promise<void> => {
    const ending = child;
    child = undefined;
    enginePort = 0;
    if (!ending) return;
    const ended = once(ending, 'close');
    ending.kill('SIGKILL');
    await ended;
  };
  await start();
  const url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
  const client = createClient({ url, password: PASSWORD });
  return {
    url,
    password: PASSWORD,
    rows: async (query) => (await client.query({ query, format: 'JSONEachRow' })).json(),
    command: async (query, database = 'default') => {
      await client.command({ query, http_headers: { 'x-clickhouse-database': database } });
    },
    flags: (database) => [
      `--clickhouse-url=${url}`,
      `--clickhouse-database=${database}`,
      '--clickhouse-user=default',
      `--clickhouse-password=${PASSWORD}`,
    ],
    kill,
    start,
    stop: async () => {
      await client.close();
      await kill();
      for (const socket of sockets) socket.destroy();
      door.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
