import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { drainPending } from 'chdb';
import { hashPassword } from './authentication.ts';
import { createFront } from './front.ts';
import { engineArguments } from './limits.ts';
import type { OpenMessage, ParentMessage, ReadyMessage } from './protocol.ts';
import { Queries } from './queries.ts';
import { Spool } from './spool.ts';

/**
 * The engine's process: chdb behind ClickHouse's HTTP interface. It is a process of its own because
 * a native crash, or an exit with queries in flight, takes the whole process down.
 */

let queries: Queries | undefined;
let server: Server | undefined;

process.on('message', (message: ParentMessage) => {
  void (message.type === 'open' ? open(message) : close());
});

// Without its server the child has nothing to do, and the next server needs the directory. Killing
// is the one safe way out while native threads work; what is stored survives it (the journal holds
// the rest).
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

// Ctrl-C reaches the whole process group; the server decides when the engine stops.
process.on('SIGINT', () => undefined);

async function open({ path, password, memoryBytesMax }: OpenMessage): Promise<void> {
  queries = new Queries(path, engineArguments(memoryBytesMax));
  const [version = '', timezone = ''] = await queries.identity();
  // The directory is this engine's own from here on.
  const spool = new Spool(path);
  server = createFront({ queries, spool, passwordHash: hashPassword(password), timezone });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server?.address() as AddressInfo;
    const ready: ReadyMessage = { type: 'ready', port, version };
    process.send?.(ready);
  });
}

async function close(): Promise<void> {
  server?.close();
  server?.closeIdleConnections();
  await drainPending();
  queries?.close();
  await drainPending();
  process.exit(0);
}
