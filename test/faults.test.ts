// What goes wrong on purpose shows in the server, where docs/guides/faults.md says: signals on a real
// broker. Run alone: npx vitest run --project system test/faults
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  coverageResponseSchema,
  type Hop,
  lifecycleSchema,
  NS_PER_MS,
  traceResponseSchema,
} from '@throughline/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Serving, startServing } from './support/serve.ts';
import { SignalsSystem } from './support/signals-system.ts';

const DEADLINE_MS = 60_000;
const LOST_SHARE = 0.1;
const SKEW_MS = -1_500;
const SLOW_MS = 200;
/** Enough to tell a share of them. */
const MESSAGES_MIN = 100;
/** The clocks of processes on one host start at what the host's clock said, to its millisecond. */
const CLOCK_PRECISION_MS = 2n;

const dataDir = mkdtempSync(join(tmpdir(), 'faults-'));
let server: Serving;
let system: SignalsSystem;

beforeAll(async () => {
  [server, system] = await Promise.all([startServing(dataDir), SignalsSystem.start()]);
  const sent = { OTEL_EXPORTER_OTLP_ENDPOINT: server.otlpHttp };
  const fast = ['--candle-ms', '50'];
  const limits = ['--confidence-min', '0', '--position-max', '1000000'];
  const clock = new URL('../trading/service/src/faults/skewed-clock.ts', import.meta.url);
  const otherHost = {
    NODE_OPTIONS: `--import=${clock.href}?ms=${SKEW_MS}`,
    OTEL_RESOURCE_ATTRIBUTES: 'host.name=data-manager-host',
  };
  await Promise.all([
    system.startService('data-manager', [...fast, '--fault', `lost-trace-header=${LOST_SHARE}`], {
      ...sent,
      ...otherHost,
    }),
    system.startService('realtime-strategies', fast, sent),
    system.startService(
      'tradeengine',
      [
        ...[
          '--exchange-rest',
          system.exchange.rest,
          ...limits,
          '--orders-per-minute-max',
          '100000',
        ],
        ...['--fault', 'poisoned-message=0.5', '--fault', `slow-consumer=${SLOW_MS}ms`],
      ],
      sent,
    ),
  ]);
  const { port } = new URL(system.exchange.rest);
  await system.startService('socket-client', ['--exchange-ws', `ws://127.0.0.1:${port}`], sent);
});
afterAll(async () => {
  await system?.close();
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function ask(path: string): Promise<unknown> {
  const response = await fetch(`${server.ui}/api/${path}`);
  return response.ok ? response.json() : undefined;
}

/** What the server knows of the messages on a subject, as soon as they are so many. */
async function hopsOn(destination: string, messagesMin: number): Promise<Hop[]> {
  let hops: Hop[] = [];
  const enough = async () => {
    const answer = coverageResponseSchema.parse(await ask('coverage'));
    hops = answer.hops.filter((hop) => hop.destination === destination);
    return hops.length > 0 && hops.every(({ consumed }) => consumed >= messagesMin);
  };
  await expect
    .poll(enough, { timeout: DEADLINE_MS, interval: 200, message: destination })
    .toBe(true);
  return hops;
}

async function traceOf(traceId: string) {
  const answer = await ask(`traces/${traceId}?format=throughline`);
  return answer === undefined ? undefined : traceResponseSchema.parse(answer);
}

/** The first that is found in one of the traces that messages on the subject belong to. */
async function findOn<Found>(
  subject: string,
  find: (traceId: string) => Promise<Found | undefined>,
): Promise<Found> {
  let found: Found | undefined;
  const search = async () => {
    for (const { traceparent } of system.seenOn(subject)) {
      found = await find(traceparent.split('-')[1] ?? '');
      if (found !== undefined) return true;
    }
    return false;
  };
  await expect.poll(search, { timeout: DEADLINE_MS, interval: 500, message: subject }).toBe(true);
  return found as Found;
}

test('a lost header is a coverage below 100 % at its hop, and nowhere else', async () => {
  const hops = await hopsOn('market.data', MESSAGES_MIN);
  const [lossy, ...others] = hops;
  expect(lossy).toMatchObject({ producer: 'socket-client', consumer: 'data-manager' });
  expect(lossy?.coverage).toBeGreaterThan(1 - LOST_SHARE - 0.02);
  expect(lossy?.coverage).toBeLessThan(1 - LOST_SHARE + 0.02);
  expect(lossy?.missing).toBe((lossy?.consumed ?? 0) - (lossy?.usable ?? 0));
  expect(others).toMatchObject([{ consumer: 'realtime-strategies', coverage: 1 }]);
  const example = await traceOf(lossy?.exampleTraceId ?? '');
  const [lost] = example?.spans ?? [];
  expect(lost?.attributes['throughline.context.received']).toBe('missing');
});

test('the skew of a clock is estimated, and the truth is within its uncertainty', async () => {
  // The strategies ask data-manager for candles and get an answer: messages both ways.
  const [asked] = await hopsOn('candles.get', 1);
  let skews: NonNullable<Awaited<ReturnType<typeof traceOf>>>['skew'];
  const isTwoSided = async () => {
    skews = (await traceOf(asked?.exampleTraceId ?? ''))?.skew;
    return skews?.[0]?.uncertaintyNs !== undefined;
  };
  await expect.poll(isTwoSided, { timeout: DEADLINE_MS, interval: 200 }).toBe(true);
  expect(skews).toHaveLength(1);
  const [{ host, offsetNs, uncertaintyNs = 0n } = { host: '', offsetNs: 0n }] = skews ?? [];
  expect(host).toBe('data-manager-host');
  const off = BigInt(SKEW_MS) * NS_PER_MS - offsetNs;
  const allowedNs = uncertaintyNs + CLOCK_PRECISION_MS * NS_PER_MS;
  expect(off < 0n ? -off : off).toBeLessThanOrEqual(allowedNs);
});

test('a poisoned message is an error with its stack on the span that could not read it', async () => {
  const failed = await findOn('signals.trading', async (traceId) => {
    const spans = (await traceOf(traceId))?.spans ?? [];
    return spans.find(({ status }) => status.code === 'error');
  });
  expect(failed).toMatchObject({
    name: 'process signals.trading',
    service: 'tradeengine',
    attributes: { 'error.type': 'TL_MESSAGE_INVALID' },
  });
  const [exception] = failed.events.filter(({ name }) => name === 'exception');
  expect(exception?.attributes['exception.stacktrace']).toContain('the message is poisoned');
  const [hop] = await hopsOn('signals.trading', 1);
  expect(hop).toMatchObject({ consumer: 'tradeengine', coverage: 1 });
});

test('a slow consumer is a queue before it, and the clock of another host hides no time', async () => {
  const halfNs = (BigInt(SLOW_MS) * NS_PER_MS) / 2n;
  const lifecycle = await findOn('order.confirmed', async (traceId) => {
    const answer = await ask(`lifecycles/tick_to_trade/${traceId}`);
    const found = answer === undefined ? undefined : lifecycleSchema.parse(answer);
    const waited = found?.stages.find(
      ({ label, kind }) => label === 'trade engine' && kind === 'queue',
    );
    const isTold = found?.complete && found.skew !== undefined;
    return isTold && waited !== undefined && waited.ns >= halfNs ? found : undefined;
  });
  const sum = lifecycle.segments.reduce((total, { fromNs, toNs }) => total + toNs - fromNs, 0n);
  expect(sum).toBe(lifecycle.durationNs);
  const worked = lifecycle.stages.find(
    ({ label, kind }) => label === 'trade engine' && kind === 'work',
  );
  expect(worked?.ns).toBeGreaterThanOrEqual(halfNs);
  const codes = lifecycle.warnings.map(({ code }) => code);
  expect(codes).toContain('clock_skew');
  expect(codes).not.toContain('negative_duration');
  const inside = lifecycle.spans.find(({ host }) => host === 'data-manager-host');
  expect(inside?.startNs).toBeGreaterThanOrEqual(lifecycle.begin);
});
