import { type Context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TracedChannelMessage } from '../../messaging/message.ts';
import { testTracing } from '../../testing/tracing.ts';
import { TracedChannel } from './carrier.ts';

type Received = readonly TracedChannelMessage<number>[];

const operation = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ type: 'send' } as const) },
  { weight: 4, arbitrary: fc.constant({ type: 'sendWhenRoom' } as const) },
  { weight: 3, arbitrary: fc.constant({ type: 'tryReceive' } as const) },
  { weight: 5, arbitrary: fc.constant({ type: 'receive' } as const) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('drain' as const), max: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('abort' as const), wait: fc.nat(40) }) },
  { weight: 3, arbitrary: fc.constant({ type: 'tick' } as const) },
);
const plan = fc.record({
  capacity: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(Number.POSITIVE_INFINITY)),
  operations: fc.array(operation, { maxLength: 80 }),
});

const spanContextOf = (event: number) => ({
  traceId: (event + 1).toString(16).padStart(32, '0'),
  spanId: (event + 1).toString(16).padStart(16, '0'),
  traceFlags: TraceFlags.SAMPLED,
});
const contextOf = (event: number): Context =>
  trace.setSpanContext(ROOT_CONTEXT, spanContextOf(event));

test('whatever the order of sends, receives, aborts and ticks: first in, first out, each once, each with its own context, within the bound', async () => {
  const tracing = testTracing();
  await fc.assert(
    fc.asyncProperty(plan, async ({ capacity, operations }) => {
      const channel = new TracedChannel<number>(tracing, { capacity });
      // In the order of the calls, each settled to what it took or gave.
      const sends: Promise<readonly number[]>[] = [];
      const receives: Promise<Received>[] = [];
      const waits: AbortController[] = [];
      const signal = () => {
        const controller = new AbortController();
        waits.push(controller);
        return controller.signal;
      };
      let event = 0;
      const run = async (given: (typeof operations)[number]): Promise<void> => {
        if (given.type === 'send') {
          const isTaken = channel.send(event, contextOf(event));
          sends.push(Promise.resolve(isTaken ? [event] : []));
          event += 1;
        } else if (given.type === 'sendWhenRoom') {
          const own = event;
          const options = { context: contextOf(own), signal: signal() };
          const taken = channel.sendWhenRoom(own, options).catch(() => false);
          sends.push(taken.then((isTaken) => (isTaken ? [own] : [])));
          event += 1;
        } else if (given.type === 'tryReceive') {
          const message = channel.tryReceive();
          receives.push(Promise.resolve(message ? [message] : []));
        } else if (given.type === 'receive') {
          const received = channel.receive({ signal: signal() }).catch(() => undefined);
          receives.push(received.then((message) => (message ? [message] : [])));
        } else if (given.type === 'drain') {
          receives.push(Promise.resolve([...channel.drain(given.max)]));
        } else if (given.type === 'abort') {
          waits[given.wait % (waits.length || 1)]?.abort();
        } else {
          await Promise.resolve();
        }
      };
      for (const given of operations) {
        await run(given);
        expect(channel.size).toBeLessThanOrEqual(capacity);
      }
      channel.close();
      expect(channel.send(event)).toBe(false);
      receives.push(Promise.resolve([...channel.drain()]));
      const sent = (await Promise.all(sends)).flat();
      const received = (await Promise.all(receives)).flat();
      expect(received.map((message) => message.event)).toEqual(sent);
      for (const message of received) {
        const { traceId, spanId } = spanContextOf(message.event);
        expect(message.traceContextCarrier).toEqual({ traceparent: `00-${traceId}-${spanId}-01` });
      }
    }),
    { numRuns: 300 },
  );
});
