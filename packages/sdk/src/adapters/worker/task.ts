import type { Context } from '@opentelemetry/api';
import type { ConsumerOptions } from '../../messaging/consumer.ts';
import { packMessage, type TracedChannelMessage } from '../../messaging/message.ts';
import type { ProducerOptions } from '../../messaging/producer.ts';
import { runInSpan, type StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { unpackMessage } from './carrier.ts';
import { startWorkerConsumer } from './consumer.ts';
import { startWorkerProducer } from './producer.ts';

/** How piscina marks tasks that are to be moved (`Piscina.move`), and options for its queue. */
const TRANSFERABLE = Symbol.for('Piscina.transferable');
const VALUE = Symbol.for('Piscina.valueOf');
const QUEUE_OPTIONS = Symbol.for('Piscina.queueOptions');

interface TransferableTask {
  readonly [TRANSFERABLE]: unknown;
  readonly [VALUE]: unknown;
}

/** A pool of threads that run one function on tasks posted to them: piscina, or its like. */
export interface TaskPool<Result, RunOptions> {
  run(task: unknown, options?: RunOptions): Promise<Result>;
}

export interface RunTracedOptions<RunOptions> extends Omit<ProducerOptions, 'system'> {
  /** Passed on to the pool, such as `transferList` and `signal`. */
  readonly runOptions?: RunOptions;
}

/**
 * Runs a task in a pool, to a function made by {@link tracedTask}, in a span that lasts until its
 * result is there: the time before the worker's span is the wait for a thread. What the task throws
 * is recorded and thrown on.
 */
export function runTraced<Result, RunOptions extends object>(
  tracing: Tracing,
  name: string,
  pool: TaskPool<Result, RunOptions>,
  task: unknown,
  options: RunTracedOptions<RunOptions> = {},
): Promise<Result> {
  const { runOptions, ...producerOptions } = options;
  return runInSpan(startWorkerProducer(tracing, name, producerOptions), ({ context }) => {
    if (!isTransferable(task)) return pool.run(packTask(tracing, task, context), runOptions);
    const { transferList = [] } = (runOptions ?? {}) as { transferList?: readonly unknown[] };
    const moving = { ...runOptions, transferList: [...transferList].concat(task[TRANSFERABLE]) };
    return pool.run(packTask(tracing, task[VALUE], context), moving as unknown as RunOptions);
  });
}

/**
 * Wraps the function that a pool's threads run: each task of {@link runTraced} is a consumer span,
 * the child of its caller's. A task without context starts a new trace. The spans are handed to the
 * relay when the task ends, since an idle thread of a pool may block and never get to it.
 */
export function tracedTask<Task, Result>(
  tracing: Tracing,
  name: string,
  fn: (task: Task, started: StartedSpan) => Result | Promise<Result>,
  options: Omit<ConsumerOptions, 'system' | 'carrier'> = {},
): (task: Task | TracedChannelMessage<Task>) => Promise<Result> {
  return async function tracedTaskCall(task) {
    const message = unpackMessage<Task>(task);
    const consumer = startWorkerConsumer(tracing, name, message, options);
    try {
      return await runInSpan(consumer, (started) => fn(message.event, started));
    } finally {
      tracing.flushSync();
    }
  };
}

function isTransferable(task: unknown): task is TransferableTask {
  return typeof task === 'object' && task !== null && TRANSFERABLE in task && VALUE in task;
}

/** A traced message that the pool's queue treats like the task. */
function packTask(tracing: Tracing, task: unknown, context: Context): object {
  const message = packMessage(tracing, task, context);
  const hasQueueOptions = typeof task === 'object' && task !== null && QUEUE_OPTIONS in task;
  return hasQueueOptions ? { ...message, [QUEUE_OPTIONS]: task[QUEUE_OPTIONS] } : message;
}
