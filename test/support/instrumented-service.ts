/**
 * A service without a line of tracing: `GET /order` asks PostgreSQL and Redis, `GET /front?via=http`
 * (or `undici`, or `fetch`) asks `/order` over HTTP. It says in one line of JSON where it listens.
 */
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify from 'fastify';
import pg from 'pg';
import { createClient } from 'redis';
import { HTTP_CLIENTS } from './http-clients.ts';

const pool = new pg.Pool({ connectionString: process.env.POSTGRES_URL, max: 1 });
const redis = createClient({ url: String(process.env.REDIS_URL) });
await redis.connect();

const app = Fastify();

app.get('/order', async () => {
  const { rows } = await pool.query('SELECT 42 AS quantity');
  await redis.set('order:last', rows[0].quantity);
  return { quantity: Number(await redis.get('order:last')) };
});

app.get('/fail', async () => {
  await pool.query('SELECT * FROM no_such_table');
});

app.get<{ Querystring: { via: string } }>('/front', ({ query }) =>
  HTTP_CLIENTS[query.via]?.(`${address()}/order`),
);

function address(): string {
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

process.once(process.env.END_BY === 'SIGTERM' ? 'SIGTERM' : 'SIGINT', async () => {
  // It takes longer than sending the spans does.
  await sleep(500);
  await app.close();
  await pool.end();
  await redis.close();
});

await app.listen({ host: '127.0.0.1', port: 0 });
console.log(JSON.stringify({ url: address() }));
