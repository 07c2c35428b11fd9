/**
 * What HTTP requests carry out of a service, and what they bring in, over real sockets:
 * `vitest run --project system test/http-trust`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TracingOptions } from '@throughline/sdk';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type CollectedSpan, type Collector, startCollector } from './support/orders-collector.ts';
import { startProcess } from './support/process.ts';

const DEADLINE_MS = 60_000;
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const EXCHANGE = 'api.exchange.example';

let collector: Collector;

beforeEach(async () => {
  collector = await startCollector();
});

afterEach(() => collector.close());

/** @returns where it listens */
async function startService(options: TracingOptions = {}): Promise<string> {
  const argument = JSON.stringify({ endpoint: collector.url, delayMs: 20, ...options });
  const script = 'test/support/http-trust-service.ts';
  const { ready, stop } = await startProcess<{ url: string }>(script, [argument]);
  onTestFinished(() => void stop('SIGKILL'));
  return ready.url;
}

interface Headers {
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly baggage?: string;
}

/** Asks as one whose trace is going on. @returns the headers that came where the service asked then */
async function ask(
  url: string,
  query: Record<string, string>,
  flags: '00' | '01' = '01',
): Promise<Headers> {
  const headers = {
    traceparent: `00-${TRACE_ID}-${SPAN_ID}-${flags}`,
    tracestate: 'desk=1',
    baggage: 'user.id=u1',
  };
  const response = await fetch(`${url}/ask?${new URLSearchParams(query)}`, { headers });
  return (await response.json()) as Headers;
}

/** The spans, once there are as many of each kind as are named. */
async function spansOf(...kinds: string[]): Promise<CollectedSpan[]> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  const wanted = kinds.toSorted().join();
  const found = () =>
    collector.spans
      .map(({ kind }) => kind)
      .filter((kind) => kinds.includes(kind))
      .toSorted()
      .join();
  while (found() !== wanted && performance.now() < deadlineMs) await sleep(20);
  return [...collector.spans];
}

const VIA = ['http', 'undici', 'fetch'];

test.each(
  VIA,
)('a request by %s to an exchange carries nothing of ours, and has its span', async (via) => {
  const url = await startService();
  expect(await ask(url, { via, host: EXCHANGE })).toEqual({});
  const spans = await spansOf('client', 'server', 'server');
  const client = spans.find(({ kind }) => kind === 'client');
  expect(client).toMatchObject({
    traceId: TRACE_ID,
    attributes: { 'server.address': EXCHANGE, 'http.response.status_code': 200, 'user.id': 'u1' },
  });
  // Neither did it get there by a trace that goes on: what arrived there began one.
  expect(spans.filter(({ traceId }) => traceId !== TRACE_ID)).toMatchObject([
    { kind: 'server', parentSpanId: undefined, links: [] },
  ]);
});

test.each(
  VIA,
)('a request by %s to a host of ours carries context, state and baggage', async (via) => {
  const url = await startService();
  const headers = await ask(url, { via, host: '127.0.0.1' });
  const client = (await spansOf('client')).find(({ kind }) => kind === 'client');
  expect(headers).toEqual({
    traceparent: `00-${TRACE_ID}-${client?.spanId}-01`,
    tracestate: 'desk=1',
    baggage: 'user.id=u1',
  });
});

test.each(VIA)('by %s a trace that is not sampled stays here as well', async (via) => {
  const url = await startService();
  expect(await ask(url, { via, host: EXCHANGE }, '00')).toEqual({});
  const { traceparent } = await ask(url, { via, host: '127.0.0.1' }, '00');
  expect(traceparent).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
});

test('a host that is listed gets what ours get', async () => {
  const url = await startService({ trustedHosts: ['*.exchange.example'] });
  for (const via of VIA) {
    const { traceparent } = await ask(url, { via, host: EXCHANGE });
    expect(traceparent).toContain(TRACE_ID);
    expect(await ask(url, { via, host: 'exchange.example' })).toEqual({});
  }
});

test.each(VIA)('by %s a path that looks like another host makes no difference', async (via) => {
  const url = await startService();
  expect(await ask(url, { via, host: EXCHANGE, path: '//localhost/headers' })).toEqual({});
});

test('who is sent on from a host of ours to an exchange carries nothing there', async () => {
  const url = await startService();
  const path = `/redirect?host=${EXCHANGE}`;
  expect(await ask(url, { via: 'fetch', host: '127.0.0.1', path })).toEqual({});
});

test.each([
  '01',
  '00',
] as const)('a public endpoint begins a trace that links to the client’s, with flags %s', async (flags) => {
  const url = await startService({ publicEndpoint: true, instrumentations: ['http'] });
  const { traceparent, ...others } = await ask(url, { via: 'http', host: '127.0.0.1' }, flags);
  expect(others).toEqual({});
  const [, traceId, clientSpanId] = traceparent?.split('-') ?? [];
  expect(traceId).not.toBe(TRACE_ID);
  const spans = await spansOf('client', 'server', 'server');
  const client = spans.find(({ kind }) => kind === 'client');
  const root = spans.find(({ spanId }) => spanId === client?.parentSpanId);
  expect(client).toMatchObject({ traceId, spanId: clientSpanId });
  expect(root).toMatchObject({
    kind: 'server',
    parentSpanId: undefined,
    links: [
      {
        traceId: TRACE_ID,
        spanId: SPAN_ID,
        attributes: { 'throughline.link.type': 'client_context' },
      },
    ],
  });
  for (const { traceId: id, attributes } of spans) {
    expect(id).not.toBe(TRACE_ID);
    expect(attributes).not.toHaveProperty('user.id');
  }
});
