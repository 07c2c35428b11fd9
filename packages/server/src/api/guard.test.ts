import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { answerErrors } from './answers.ts';
import { guard } from './guard.ts';

const TOKEN = 'secret/of+the=server';

/** Pages and an API behind the guard; each answers with its name. */
function app({
  token,
  publicHosts = [],
  isSecure = false,
}: {
  token?: string;
  publicHosts?: string[];
  isSecure?: boolean;
} = {}) {
  const server = Fastify();
  answerErrors(server);
  guard(server, { token, publicHosts, isSecure });
  server.get('/api/status', async () => 'status');
  server.get('/metrics', async () => 'metrics');
  server.get('/healthz', async () => 'health');
  server.get('/*', async () => 'page');
  return server;
}

async function status(url: string, headers: Record<string, string> = {}, options = {}) {
  const answer = await app(options).inject({ url, headers: { host: 'localhost', ...headers } });
  return answer.statusCode;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('with a token, every route that is not known to be open asks for it', async () => {
  const token = TOKEN;
  for (const url of ['/api/status', '/metrics', '/api/nothing', '/%61pi/status', '/api%2Fx/../y']) {
    const open = url === '/api%2Fx/../y';
    expect([url, await status(url, {}, { token })]).toEqual([url, open ? 200 : 401]);
  }
  expect(await status('/api/status', bearer(TOKEN), { token })).toBe(200);
  expect(await status('/metrics', bearer(TOKEN), { token })).toBe(200);
  for (const url of ['/healthz', '/', '/orders/u1/o1']) {
    expect([url, await status(url, {}, { token })]).toEqual([url, 200]);
  }
  const post = await app({ token }).inject({ url: '/api/status', method: 'POST' });
  expect(post.statusCode).toBe(401);
});

test('opening a page with the token signs in, and the token leaves the address', async () => {
  const server = app({ token: TOKEN });
  const url = `/orders/u%2F1/o1?span=a%26b&token=${encodeURIComponent(TOKEN)}&x=1`;
  const signIn = await server.inject({ url });
  expect(signIn.statusCode).toBe(303);
  expect(signIn.headers.location).toBe('/orders/u%2F1/o1?span=a%26b&x=1');
  const [cookie = ''] = String(signIn.headers['set-cookie']).split(';');
  const answer = await server.inject({ url: '/api/status', headers: { cookie } });
  expect(answer.statusCode).toBe(200);
  const wrong = await server.inject({ url: '/?token=guess' });
  expect([wrong.statusCode, wrong.headers['set-cookie']]).toEqual([200, undefined]);
});

test('signing in leads to a page of this server, whatever the path is', async () => {
  const token = encodeURIComponent(TOKEN);
  for (const path of ['//evil.example/x', '/\\evil.example', '///evil.example', '/./']) {
    const answer = await app({ token: TOKEN }).inject({ url: `${path}?token=${token}` });
    expect(answer.headers.location).toMatch(/^\/(?![/\\])/);
  }
});

test('a cookie is of no use where a bearer is sent, and a wrong bearer is refused', async () => {
  const server = app({ token: TOKEN });
  const signIn = await server.inject({ url: `/?token=${encodeURIComponent(TOKEN)}` });
  const [cookie = ''] = String(signIn.headers['set-cookie']).split(';');
  const headers = { cookie, ...bearer('another') };
  expect((await server.inject({ url: '/api/status', headers })).statusCode).toBe(401);
});

test('another origin is refused, our own is not, in whatever form it is written', async () => {
  for (const [origin, host] of [
    ['http://localhost:16686', 'localhost:16686'],
    ['http://localhost:16686', 'LOCALHOST:16686'],
    ['http://localhost', 'localhost:80'],
    ['http://[::1]:16686', '[::1]:16686'],
  ] as const) {
    expect([origin, host, await status('/api/status', { origin, host })]).toEqual([
      origin,
      host,
      200,
    ]);
  }
  for (const origin of ['http://evil.example', 'http://localhost:3000', 'null', '', 'x y']) {
    expect([origin, await status('/api/status', { origin })]).toEqual([origin, 403]);
    expect([origin, await status('/', { origin })]).toEqual([origin, 403]);
  }
});

test('a page elsewhere can lead to a page of ours, but asks the API nothing', async () => {
  for (const site of ['cross-site', 'same-site']) {
    const headers = { 'sec-fetch-site': site };
    expect(await status('/api/status', headers)).toBe(403);
    expect(await status('/metrics', headers)).toBe(403);
    expect(await status('/orders/u1/o1', headers)).toBe(200);
  }
  for (const site of ['same-origin', 'none']) {
    expect(await status('/api/status', { 'sec-fetch-site': site })).toBe(200);
  }
});

test('a proxy may call us by another name than the browser, when the name is public', async () => {
  const headers = { origin: 'https://traces.example', host: '127.0.0.1:16686' };
  expect(await status('/api/status', headers)).toBe(403);
  expect(await status('/api/status', headers, { publicHosts: ['traces.example'] })).toBe(200);
});

test('every answer carries the headers that bind browsers, refusals too', async () => {
  for (const host of ['localhost', 'evil.example']) {
    for (const url of ['/api/status', '/', '/healthz', '/api/nothing']) {
      const { headers } = await app().inject({ url, headers: { host } });
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|data:|\*/);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      });
      expect(headers['strict-transport-security']).toBeUndefined();
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  }
});

test('over TLS browsers are told to stay with it', async () => {
  const { headers } = await app({ isSecure: true }).inject('/api/status');
  expect(headers['strict-transport-security']).toMatch(/^max-age=\d+$/);
});
