import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { move, type Piscina, queueOptionsSymbol } from 'piscina';
import { expect, test } from 'vitest';
import type { TracedChannelMessage } from '../../messaging/message.ts';
import { readable, testTracing } from '../../testing/tracing.ts';
import { watchedTracing } from '../../testing/watched-tracing.ts';
import { runTraced, tracedTask } from './task.ts';

type Run = Parameters<Piscina['run']>;

/** A pool that runs the function here, on a clone as a thread would get it. */
function fakePool<Result>(fn: (task: never) => Promise<Result>) {
  const runs: { task: TracedChannelMessage<unknown>; options: Run[1] }[] = [];
  return {
    runs,
    async run(task: unknown, options?: Run[1]): Promise<Result> {
      runs.push({ task: task as TracedChannelMessage<unknown>, options });
      const transfer = (options?.transferList ?? []) as Transferable[];
      return fn(structuredClone(task, { transfer }) as never);
    },
  };
}

test("the task's span is the child of the caller's, and the result comes back in the caller's context", async () => {
  const tracing = testTracing();
  const price = tracedTask(tracing, 'price', (task: { strike: number }, started) => {
    expect(trace.getSpan(context.active())).toBe(started.span);
    return { price: task.strike * 2, span: started.span };
  });
  // Nothing is cloned here, so that the worker's span can be looked at.
  const pool = { run: (task: unknown) => price(task as Parameters<typeof price>[0]) };
  const parent = tracing.tracer.startSpan('outer', {}, ROOT_CONTEXT);
  await context.with(trace.setSpan(ROOT_CONTEXT, parent), async () => {
    const result = await runTraced(tracing, 'run price', pool, { strike: 21 });
    expect(result.price).toBe(42);
    expect(trace.getActiveSpan()).toBe(parent);
    const worker = readable(result.span);
    expect(worker).toMatchObject({ name: 'price', kind: SpanKind.CONSUMER, ended: true });
    expect(worker.attributes[ATTR.messagingSystem]).toBe('worker');
    expect(worker.parentSpanContext?.traceId).toBe(parent.spanContext().traceId);
    expect(worker.parentSpanContext?.spanId).not.toBe(parent.spanContext().spanId);
  });
  expect(tracing.stats().messages).toEqual({ withContext: 1, withoutContext: 0, malformed: 0 });
});

test('a task that fails fails for the caller, and both spans say why', async () => {
  const tracing = watchedTracing();
  const task = tracedTask(tracing, 'price', () => Promise.reject(new RangeError('no price')));
  const pool = { run: (given: unknown) => task(given) };
  await expect(runTraced(tracing, 'run price', pool, {})).rejects.toThrow('no price');
  for (const name of ['run price', 'price']) {
    expect(tracing.spans.get(name)).toMatchObject({
      ended: true,
      status: { code: SpanStatusCode.ERROR, message: 'no price' },
    });
  }
});

test('a task of a caller without tracing is a trace of its own; without tracing the task just runs', async () => {
  const tracing = testTracing();
  const double = (task: number) => task * 2;
  expect(await tracedTask(tracing, 'double', double)(21)).toBe(42);
  expect(tracing.stats().messages.withoutContext).toBe(1);
  const disabled = testTracing({ enabled: false });
  expect(await tracedTask(disabled, 'double', double)(21)).toBe(42);
  const pool = fakePool(tracedTask(disabled, 'double', double));
  expect(await runTraced(disabled, 'run', pool, 4)).toBe(8);
});

test('what the caller passes to the pool arrives there; what is to be moved is moved', async () => {
  const tracing = testTracing();
  const pool = fakePool(tracedTask(tracing, 'sum', (task: Uint8Array) => task.byteLength));
  const listed = new Uint8Array(8);
  const runOptions = { transferList: [listed.buffer], name: 'sum' };
  expect(await runTraced(tracing, 'run', pool, listed, { runOptions })).toBe(8);
  expect(pool.runs[0]?.options).toBe(runOptions);
  expect(listed.byteLength).toBe(0);
  const moved = new Uint8Array(16);
  expect(await runTraced(tracing, 'run', pool, move(moved), { runOptions: { name: 'sum' } })).toBe(
    16,
  );
  expect(pool.runs[1]?.options).toEqual({ name: 'sum', transferList: [moved.buffer] });
  expect(moved.byteLength).toBe(0);
});

test("a task's options for the pool's queue stay where the queue looks for them", async () => {
  const tracing = testTracing();
  const pool = fakePool(tracedTask(tracing, 'x', (task: { id: number }) => task.id));
  const task = Object.freeze({ id: 7, [queueOptionsSymbol]: { priority: 9 } });
  expect(await runTraced(tracing, 'run', pool, task)).toBe(7);
  const sent = pool.runs[0]?.task as { [queueOptionsSymbol]?: unknown } | undefined;
  expect(sent?.[queueOptionsSymbol]).toEqual({ priority: 9 });
});
