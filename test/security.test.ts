// Who may come in, and what gets out: credentials, hosts, tokens in logs. Run alone: npx vitest run --project system security.test
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StatusResponse } from '@throughline/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Server, startServer } from '../packages/server/src/main.ts';
import { GrpcSender } from '../packages/server/src/receive/testing/grpc.ts';
import { type RawAnswer, rawBytes, rawRequest } from './support/raw-http.ts';
import { eventually } from './support/serve.ts';

const INGEST_TOKEN = 'ingest-7b1d0c5e9a';
const READ_TOKEN = 'read-4f6e2a8b3c';

type Endpoint = keyof StatusResponse['endpoints'];
type Headers = Record<string, string>;

/** A request that each port would answer if it were asked by the right one; HTTP status, else 0. */
const ASKS: Record<Endpoint, (url: string, headers: Headers) => Promise<number>> = {
  ui: (url, headers) => ask(url, { path: '/api/status', headers }),
  otlpHttp: (url, headers) => post(url, '/v1/traces', headers, '{"resourceSpans":[]}'),
  otlpGrpc: async (url, { host, ...headers }) => {
    const authority = host === undefined ? {} : { 'grpc.default_authority': host };
    const sender = new GrpcSender(Number(new URL(url).port), authority);
    const { code } = await sender.export(Buffer.alloc(0), { headers });
    sender.close();
    return { 0: 200, 7: 403, 16: 401 }[code as number] ?? 0;
  },
  jaegerHttp: (url, headers) => post(url, '/api/traces', headers, ''),
  jaegerCompact: async () => 0,
  jaegerBinary: async () => 0,
  zipkin: (url, headers) => post(url, '/api/v2/spans', headers, '[]'),
};

/** What the right one gets; Jaeger's is not Thrift, which is looked at last. */
const ANSWERS: Partial<Record<Endpoint, number>> = {
  ...{ ui: 200, otlpHttp: 200, otlpGrpc: 200, jaegerHttp: 415, zipkin: 202 },
};

async function ask(url: string, options: Parameters<typeof rawRequest>[1]): Promise<number> {
  return (await rawRequest(url, options)).status;
}

function post(url: string, path: string, headers: Headers, body: string): Promise<number> {
  const type = { 'content-type': 'application/json' };
  return ask(url, { method: 'POST', path, headers: { ...type, ...headers }, body });
}

function bearer(token: string): Headers {
  return { authorization: `Bearer ${token}` };
}

const folder = mkdtempSync(join(tmpdir(), 'throughline-'));
let log = '';
let server: Server;
/** The same without tokens. */
let open: Server;

/** A server in this process, with everything in its log that it could ever write. */
async function start(name: string, tokens: { ingest?: string; read?: string }): Promise<Server> {
  const udpPort = tokens.ingest === undefined ? 0 : undefined;
  return startServer({
    dataDir: join(folder, name),
    durability: 'os',
    retention: { ageMs: 86_400_000, diskBytesMax: 1e9 },
    journalBytesMax: 2 ** 30,
    host: '127.0.0.1',
    uiPort: 0,
    otlpHttpPort: 0,
    otlpGrpcPort: 0,
    jaegerPorts: true,
    jaegerCompactPort: udpPort,
    jaegerBinaryPort: udpPort,
    jaegerHttpPort: 0,
    zipkinPort: 0,
    cluster: undefined,
    ingestToken: tokens.ingest,
    readToken: tokens.read,
    publicHost: undefined,
    tlsCert: undefined,
    tlsKey: undefined,
    tlsClientCa: undefined,
    uiDir: join(folder, 'ui'),
    version: '0.0.0',
    logLevel: 'trace',
    logStream: {
      write: (text) => {
        log += text;
      },
    },
  });
}

beforeAll(async () => {
  mkdirSync(join(folder, 'ui'));
  writeFileSync(join(folder, 'ui', 'index.html'), '<title>page</title>');
  server = await start('guarded', { ingest: INGEST_TOKEN, read: READ_TOKEN });
  open = await start('open', {});
});

afterAll(async () => {
  await Promise.all([server?.close(), open?.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Every TCP port, with what it is. */
function ports({ endpoints }: Server): [Endpoint, string][] {
  return (Object.entries(endpoints) as [Endpoint, string][]).filter(([, url]) =>
    url.startsWith('http'),
  );
}

test('every port asks for its own token, and the token of the other side opens nothing', async () => {
  expect(ports(server).length).toBeGreaterThan(2);
  for (const [name, url] of ports(server)) {
    const [own, other] = name === 'ui' ? [READ_TOKEN, INGEST_TOKEN] : [INGEST_TOKEN, READ_TOKEN];
    const given = { none: {}, other: bearer(other), part: bearer(own.slice(0, -1)) };
    for (const [what, headers] of Object.entries({ ...given, longer: bearer(`${own}x`) })) {
      expect([name, what, await ASKS[name](url, headers)]).toEqual([name, what, 401]);
    }
    expect([name, await ASKS[name](url, bearer(own))]).toEqual([name, ANSWERS[name]]);
  }
});

test('what cannot show a token is not received where one is asked for', () => {
  const { jaegerCompact, jaegerBinary } = server.endpoints;
  expect([jaegerCompact, jaegerBinary]).toEqual([undefined, undefined]);
  expect(server.warnings.join()).toContain('UDP carries no token');
  expect(open.endpoints.jaegerCompact).toMatch(/^udp:\/\/127\.0\.0\.1:/);
});

test('the browser stays signed in by a cookie that is not the token', async () => {
  const page = await rawRequest(server.uiUrl, { path: `/orders?token=${READ_TOKEN}` });
  expect([page.status, page.headers.location]).toEqual([303, '/orders']);
  const cookie = String(page.headers['set-cookie']).split(';', 1).join('');
  expect(cookie).not.toContain(READ_TOKEN);
  expect(await ask(server.uiUrl, { path: '/api/status', headers: { cookie } })).toBe(200);
  const value = cookie.split('=').slice(1).join('=');
  expect(await ask(server.uiUrl, { path: '/api/status', headers: bearer(value) })).toBe(401);
  for (const [name, url] of ports(server)) {
    if (name !== 'ui') expect([name, await ASKS[name](url, { cookie })]).toEqual([name, 401]);
  }
});

test('without tokens, no port answers a rebound name or a page of another origin', async () => {
  for (const [name, url] of ports(open)) {
    expect([name, await ASKS[name](url, {})]).toEqual([name, ANSWERS[name]]);
    const foreign = { origin: 'https://evil.example' };
    expect([name, await ASKS[name](url, foreign)]).toEqual([name, 403]);
    for (const host of ['evil.example', 'localhost.evil.example:4318', '127.0.0.1.nip.example']) {
      expect([name, host, await ASKS[name](url, { host })]).toEqual([name, host, 403]);
    }
  }
});

test('no port invites pages of other origins', async () => {
  for (const [name, url] of ports(open)) {
    if (name === 'otlpGrpc') continue;
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const answer = await rawRequest(url, { method: 'OPTIONS', path: '/v1/traces', headers });
    expect([name, answer.status]).toEqual([name, 403]);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  }
});

test('who guesses tokens is not answered any more', async () => {
  const guess = (index: number) =>
    ask(server.uiUrl, {
      path: '/api/status',
      headers: bearer(`guess-${index}`),
    });
  const answers = new Set<number>();
  // More in a second than are answered: on a machine that stands still, not at the first attempt.
  for (let guessed = 0; !answers.has(429) && guessed < 20_000; guessed += 200) {
    const some = Array.from({ length: 200 }, (_, index) => guess(guessed + index));
    for (const answer of await Promise.all(some)) answers.add(answer);
  }
  expect(answers).toEqual(new Set([401, 429]));
  await eventually('the guesser may come again', async () => {
    const headers = bearer(READ_TOKEN);
    return (await ask(server.uiUrl, { path: '/api/status', headers })) === 200;
  });
});

test('no token gets into the log or an answer, whatever is refused, and however it fails', async () => {
  const answers: RawAnswer[] = [];
  const tokens = [INGEST_TOKEN, READ_TOKEN];
  for (const [name, url] of ports(server)) {
    if (name === 'otlpGrpc') {
      for (const token of tokens) await ASKS.otlpGrpc(url, bearer(token));
      continue;
    }
    for (const token of tokens) {
      for (const headers of [bearer(token), bearer(` ${token}`), { cookie: `a=${token}` }]) {
        for (const path of ['/api/status', '/v1/traces', '/api/none', '/%zz', '/api/traces/x']) {
          answers.push(await rawRequest(url, { path: `${path}?token=${token}`, headers }));
        }
        const body = `{"token":"${token}"`;
        const type = { 'content-type': 'application/json', ...headers };
        for (const path of ['/v1/traces', '/api/v2/spans', '/api/traces', '/api/status']) {
          answers.push(await rawRequest(url, { method: 'POST', path, headers: type, body }));
        }
      }
      await rawBytes(url, `BROKEN ${token}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    }
  }
  const status = await rawRequest(server.uiUrl, {
    path: '/api/status',
    headers: bearer(READ_TOKEN),
  });
  process.kill(JSON.parse(status.body).engine.pid, 'SIGKILL');
  answers.push(status);
  for (const path of ['/api/lifecycles', `/api/traces/${'1'.repeat(32)}`]) {
    answers.push(await rawRequest(server.uiUrl, { path, headers: bearer(READ_TOKEN) }));
  }
  for (const { headers, body } of answers) {
    for (const token of tokens) expect(JSON.stringify(headers) + body).not.toContain(token);
  }
  expect(log).toContain('engine');
  for (const token of tokens) expect(log).not.toContain(token);
});

test('what is logged of a request is one line, whatever is in the request', async () => {
  const forged = encodeURIComponent('\n{"level":60,"msg":"forged"}\r\n');
  const { engine } = JSON.parse((await rawRequest(open.uiUrl, { path: '/api/status' })).body);
  process.kill(engine.pid, 'SIGKILL');
  const before = log.length;
  for (const path of [`/api/lifecycles?q=${forged}`, `/api/traces/${forged}`, `/${forged}`]) {
    await rawRequest(open.uiUrl, { path, headers: { 'user-agent': 'a\\nb\tc"' } });
    await rawRequest(open.endpoints.otlpHttp, { method: 'POST', path });
  }
  await eventually('something is logged', async () => log.length > before);
  const lines = log.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).msg)).not.toContain('forged');
});
