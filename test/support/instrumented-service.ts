/**
 * A service without a line of tracing: `GET /order` asks PostgreSQL and Redis, `GET /front?via=http`
 * (or `undici`, or `fetch`) asks `/order` over HTTP. It says in one line of JSON where it listens.
 */
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify from 'fastify';
import pg from 'pg';
import { createClient } from 'redis';
import { request } from 'undici';

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

const clients: Record<string, (url: string) => Promise<unknown>> = {
  http: (url) =>
    new Promise((resolve, reject) => {
      get(url, async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve(JSON.parse(Buffer.concat(chunks).toString()));
      }).on('error', reject);
    }),
  undici: async (url) => (await request(url)).body.json(),
  fetch: async (url) => (await fetch(url)).json(),
};

app.get<{ Querystring: { via: string } }>('/front', ({ query }) =>
  clients[query.via]?.(`${address()}/order`),
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
