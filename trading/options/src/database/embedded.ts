import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

const HOST = '127.0.0.1';
/** One for each pool of a service, several services over. */
const CONNECTIONS_MAX = 64;

export interface EmbeddedDatabase {
  /** For `pg`, and for every client of PostgreSQL on this host. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A PostgreSQL inside this process (PGlite), in memory, that listens on a free loopback port. It
 * works on one statement at a time.
 */
export async function startEmbeddedDatabase(): Promise<EmbeddedDatabase> {
  const db = await PGlite.create();
  const server = new PGLiteSocketServer({
    db,
    host: HOST,
    port: 0,
    maxConnections: CONNECTIONS_MAX,
  });
  await server.start();
  return {
    url: `postgres://postgres@${server.getServerConn()}/postgres`,
    async close() {
      await server.stop();
      await db.close();
    },
  };
}
