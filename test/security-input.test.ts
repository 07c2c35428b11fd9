// Hostile requests against a running server: injection, traversal, slow and many connections, what
// other users of the machine see. Run alone: npx vitest run --project system security-input
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { listeningPorts } from './support/listening-ports.ts';
import { rawBytes, rawRequest } from './support/raw-http.ts';
import {
  eventually,
  readStatus,
  type Serving,
  startServing,
  temporaryFolder,
} from './support/serve.ts';

const CANARY = `canary-${randomBytes(16).toString('hex')}`;
const CONNECTIONS_MAX = 1_024;

const folder = mkdtempSync(join(tmpdir(), 'throughline-'));
const canaryFile = join(folder, 'canary.txt');
let serving: Serving;
/** Whoever asks it has been made to: nothing of ours knows it. */
const canaryRequests: string[] = [];
const canary = createServer((request, response) => {
  canaryRequests.push(`${request.method} ${request.url}`);
  response.end(CANARY);
});
let canaryUrl: string;
/** Runs beside the other tests: it waits for timeouts. */
let slowAnswers: Promise<string[]>;

beforeAll(async () => {
  writeFileSync(canaryFile, CANARY);
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  canaryUrl = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`;
  serving = await startServing(join(folder, 'data'));
  slowAnswers = sendTooLittle();
  // It is awaited later, and may fail before.
  slowAnswers.catch(() => undefined);
});

afterAll(async () => {
  await serving?.stop();
  canary.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What every HTTP port answers to silence and to half a header. */
function sendTooLittle(): Promise<string[]> {
  const { ui, otlpHttp, jaegerHttp, zipkin } = serving;
  const urls = [ui, otlpHttp, jaegerHttp, zipkin].filter((url) => url !== undefined);
  const partial = 'POST /v1/traces HTTP/1.1\r\nHost: localhost\r\n';
  return Promise.all(urls.flatMap((url) => [rawBytes(url, ''), rawBytes(url, partial)]));
}

/** What someone writes who hopes that it becomes SQL, a path, a header or code. */
function hostileTexts(): string[] {
  return [
    `' OR '1'='1`,
    `'); DROP TABLE spans; --`,
    `') UNION ALL SELECT * FROM file('${canaryFile}', 'LineAsString') --`,
    `' || (SELECT * FROM url('${canaryUrl}/sql', 'LineAsString')) || '`,
    `x' INTO OUTFILE '${folder}/written' --`,
    `1 SETTINGS readonly=0`,
    `{word_1:String}`,
    `\\'; SYSTEM SHUTDOWN; --`,
    '\u0000',
    '\\N',
    '%27%20OR%201=1',
    '__proto__',
    'constructor',
    '../../../../etc/passwd',
    `file://${canaryFile}`,
    '\r\nx-injected: 1',
    '{{7*7}}<%= 7*7 %>',
    '\u202e\ud800',
    '9'.repeat(400),
    '-1',
    'NaN',
    '[]',
    'x'.repeat(5_000),
  ];
}

const hostileArbitrary = fc.oneof(
  fc.nat().map((index) => hostileTexts()[index % hostileTexts().length] ?? ''),
  fc.tuple(fc.nat(), fc.string({ unit: 'binary', maxLength: 40 })).map(([index, text]) => {
    const texts = hostileTexts();
    return `${text}${texts[index % texts.length]}${text}`;
  }),
  fc.string({ unit: 'binary', maxLength: 300 }),
);

/** In a URL; a lone surrogate, which no URL can carry, becomes the replacement character. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Every place of the API into which a stranger can write. */
const PLACES: readonly ((text: string) => string)[] = [
  ...['name', 'q', 'status', 'start', 'end', 'limit', 'cursor', 'sort', 'unknown', '__proto__'].map(
    (name) => (text: string) => `/api/lifecycles?${name}=${encoded(text)}`,
  ),
  (text) => `/api/lifecycles?q=a&q=${encoded(text)}`,
  (text) => `/api/lifecycles?${encoded(text)}=1`,
  ...['begin', 'duration'].map((sort) => (text: string) => {
    const cursor = { sort, asOfNs: '5', rankNs: '5', beginIds: text.slice(0, 48) };
    const opaque = Buffer.from(JSON.stringify(cursor)).toString('base64url');
    return `/api/lifecycles?sort=${sort}&cursor=${opaque}`;
  }),
  (text) => `/api/lifecycles/${encoded(text)}/o1`,
  (text) => `/api/lifecycles/order/${encoded(text)}`,
  (text) => `/api/lifecycles/order/u1/${encoded(text)}`,
  (text) => `/api/lifecycles/order/${encoded(text)}/${encoded(text)}`,
  (text) => `/api/traces/${encoded(text)}`,
  (text) => `/api/traces/${encoded(text)}?format=throughline`,
  (text) => `/api/traces/${'1'.repeat(32)}?format=${encoded(text)}`,
  (text) => `/api/${encoded(text)}`,
  (text) => `/${encoded(text)}`,
];

const TRACE_ID = randomBytes(16).toString('hex');
const USER = `u'"\\;--`;

/** A span, and the begin of an order, made of nothing but hostile texts. */
async function sendHostileSpan(): Promise<void> {
  const texts = hostileTexts().map((text) => text.toWellFormed());
  const string = (value: string) => ({ stringValue: value });
  const nowNs = `${Date.now()}000000`;
  const span = {
    traceId: TRACE_ID,
    spanId: '00000000000000a1',
    name: 'client_order_received',
    startTimeUnixNano: nowNs,
    endTimeUnixNano: nowNs,
    status: { code: 2, message: texts.join('\n') },
    attributes: [
      { key: 'user.id', value: string(USER) },
      { key: 'client.order_id', value: string(texts[1] ?? '') },
      ...texts.map((text) => ({ key: `key ${text}`, value: string(text) })),
      ...['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((key) => ({
        key,
        value: string(`own ${key}`),
      })),
    ],
    events: [{ timeUnixNano: nowNs, name: texts.join(' '), attributes: [] }],
  };
  const body = JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: string(texts[2] ?? '') }] },
        scopeSpans: [{ spans: [span] }],
      },
    ],
    // As a key of its own, which JSON can have and an object literal cannot.
    polluting: { isAdmin: true },
  }).replace('polluting', '__proto__');
  const headers = { 'content-type': 'application/json' };
  const answer = await rawRequest(serving.otlpHttp, {
    method: 'POST',
    path: '/v1/traces',
    headers,
    body,
  });
  expect([answer.status, answer.body]).toEqual([200, '{}']);
}

async function get(path: string): Promise<{ status: number; body: string }> {
  return rawRequest(serving.ui, { path });
}

interface JaegerTag {
  key: string;
  value: unknown;
}

test('hostile names and values are stored, and come back as the data that they are', async () => {
  await sendHostileSpan();
  const path = `/api/traces/${TRACE_ID}`;
  await eventually('the span is in every table, and counted', async () => {
    return (await readStatus(serving.ui)).journal.bytes === 0;
  });
  const [span] = JSON.parse((await get(path)).body).data[0].spans;
  const tags = new Map(span.tags.map(({ key, value }: JaegerTag) => [key, value]));
  for (const text of hostileTexts().map((given) => given.toWellFormed())) {
    expect([text, tags.get(`key ${text}`)]).toEqual([text, text]);
  }
  for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    expect(tags.get(key)).toBe(`own ${key}`);
  }
  const otlp = (await get(`${path}?format=otlp`)).body;
  expect(otlp).toContain('{"key":"__proto__","value":{"stringValue":"own __proto__"}}');
  const key = [USER, hostileTexts()[1] ?? ''].map(encoded).join('/');
  const order = await get(`/api/lifecycles/order/${key}`);
  expect([order.status, JSON.parse(order.body).spans.length]).toEqual([200, 1]);
});

test('whatever is written into the API, it answers, and reaches no table, file or address', async () => {
  const before = await readStatus(serving.ui);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...PLACES), hostileArbitrary, async (place, text) => {
      const { status, body } = await get(place(text));
      expect([200, 400, 404, 409]).toContain(status);
      expect(body).not.toContain(CANARY);
      expect(body).not.toMatch(/DB::Exception|Code: \d+\. /);
    }),
    { numRuns: 300 },
  );
  for (const place of PLACES) {
    const statuses = await Promise.all(
      hostileTexts().map(async (text) => (await get(place(text))).status),
    );
    expect(statuses.filter((status) => status >= 500)).toEqual([]);
  }
  const after = await readStatus(serving.ui);
  expect(after.store.spansLoaded).toBe(before.store.spansLoaded);
  expect([after.engine.restarts, after.engine.pid]).toEqual([0, before.engine.pid]);
  expect((await get(`/api/traces/${TRACE_ID}`)).status).toBe(200);
  expect(canaryRequests).toEqual([]);
  expect(readdirSync(folder).sort()).toEqual(['canary.txt', 'data']);
});

test('a path leads to no file outside the web application, however it is written', async () => {
  const up = ['../', '..%2f', '%2e%2e/', '%2e%2e%2f', '..\\', '..%5c', '....//', '%252e%252e%252f'];
  const page = (await get('/')).body;
  for (const step of up) {
    for (const start of ['/', '/assets/', '/api/', '/api/traces/', '/api/lifecycles/order/']) {
      for (const file of ['etc/passwd', canaryFile.slice(1), `data/server.pid`]) {
        const { status, body } = await get(`${start}${step.repeat(12)}${file}`);
        expect([start, step, body.includes('root:') || body.includes(CANARY)]).toEqual([
          start,
          step,
          false,
        ]);
        expect(status === 400 || status === 404 || body === page).toBe(true);
      }
    }
  }
  expect((await get(`/api/lifecycles/order/..%2F..%2Fetc/passwd`)).status).toBe(404);
});

test('many different keys in one JSON object are read in no time worth mentioning', async () => {
  // Integers are keys whose hashes can be foretold where they are not seeded.
  const keys = Array.from({ length: 200_000 }, (_, index) => `"${index * 4_194_304}":0`);
  const answer = await rawRequest(serving.otlpHttp, {
    method: 'POST',
    path: '/v1/traces',
    headers: { 'content-type': 'application/json' },
    body: `{${keys.join(',')}}`,
  });
  expect(answer.status).toBe(200);
});

test('a connection that says nothing, or too little, is closed within seconds', async () => {
  const answers = await slowAnswers;
  expect(answers.length).toBeGreaterThan(3);
  for (const answer of answers) expect(answer).not.toContain('200 OK');
});

test('a flood of connections costs no more than the limit, and the server lives on', async () => {
  const { hostname, port } = new URL(serving.ui);
  const sockets: Socket[] = [];
  let closed = 0;
  for (let count = 0; count < CONNECTIONS_MAX + 100; count++) {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      closed += 1;
    });
    sockets.push(socket);
  }
  await eventually('those above the limit are closed', async () => closed >= 100);
  for (const socket of sockets) socket.destroy();
  await eventually('it answers again', async () => {
    const answer = await get('/healthz').catch(() => undefined);
    return answer?.status === 200;
  });
});

test('another user of the machine gets nothing from the engine without its password', async () => {
  const { engine } = await readStatus(serving.ui);
  const ports = listeningPorts(engine.pid ?? 0);
  expect(ports.map(({ isLoopback }) => isLoopback)).toEqual(ports.map(() => true));
  for (const { port } of ports) {
    const url = `http://127.0.0.1:${port}`;
    const path = `/?query=${encoded('SELECT count() FROM spans')}`;
    const guesses = [
      {},
      { authorization: `Basic ${btoa('default:')}` },
      { 'x-clickhouse-key': '' },
    ];
    for (const headers of guesses) {
      expect([401, 403]).toContain((await rawRequest(url, { path, headers })).status);
      const post = { method: 'POST', path: '/', headers, body: 'SELECT 1' };
      expect([401, 403]).toContain((await rawRequest(url, post)).status);
    }
  }
});

test('no other user can read the data directory', () => {
  const data = join(folder, 'data');
  expect(statSync(data).mode & 0o077).toBe(0);
  for (const entry of readdirSync(data, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    expect([entry.name, statSync(join(data, entry.name)).mode & 0o077]).toEqual([entry.name, 0]);
  }
});

test('a token in the environment is in the environment and arguments of no child', async () => {
  const token = `token-${randomBytes(8).toString('hex')}`;
  process.env.THROUGHLINE_TOKEN = token;
  onTestFinished(() => {
    delete process.env.THROUGHLINE_TOKEN;
  });
  const guarded = await startServing(join(temporaryFolder(), 'data'));
  onTestFinished(async () => void (await guarded.stop()));
  const { status } = await rawRequest(guarded.ui, { path: '/api/status' });
  expect(status).toBe(401);
  const children = readFileSync(
    `/proc/${guarded.child.pid}/task/${guarded.child.pid}/children`,
    'utf8',
  );
  expect(children.trim()).not.toBe('');
  for (const pid of children.trim().split(' ')) {
    for (const file of ['environ', 'cmdline']) {
      expect(readFileSync(`/proc/${pid}/${file}`, 'utf8')).not.toContain(token);
    }
  }
  expect(readFileSync(`/proc/${guarded.child.pid}/cmdline`, 'utf8')).not.toContain(token);
});
