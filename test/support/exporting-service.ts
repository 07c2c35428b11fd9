/**
 * A service whose spans go to a collector, in a process of its own (export.test.ts). It does what it
 * is told by its parent and answers each time with how it fares. On SIGTERM it ends as a service
 * should: what is queued is sent first, within a deadline.
 *
 * Usage: fork it with the options of `startTracing` as JSON.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTracing, type TracingStats } from '@throughline/sdk';

export type ServiceCommand =
  /** Makes spans in one turn of the event loop. */
  | { readonly do: 'burst'; readonly spans: number }
  /** Makes a hundred spans every ten milliseconds. */
  | { readonly do: 'work'; readonly ms: number }
  | { readonly do: 'flush' | 'shutdown'; readonly timeoutMs: number }
  /** Lets go of the parent: nothing of the service itself holds the process then. */
  | { readonly do: 'leave' };

export interface ServiceAnswer {
  /** Of a flush or a shutdown: whether everything was settled in time. */
  readonly isDone: boolean;
  readonly stats: TracingStats;
  readonly loopDelayMaxMs: number;
  readonly rssMax: number;
  readonly lines: readonly string[];
}

const lines: string[] = [];
const tracing = startTracing({
  serviceName: 'service',
  log: (line) => lines.push(line),
  ...JSON.parse(process.argv[2] ?? '{}'),
});
const loopDelay = monitorEventLoopDelay({ resolution: 10 });
loopDelay.enable();
let made = 0;
let rssMax = 0;

function makeSpan(): void {
  const attributes = {
    'user.id': 'user-4711',
    'client.order_id': `order-${made}`,
    'trading.symbol': 'BTCUSDT',
    'order.side': 'buy',
    'order.quantity': '0.25',
    'order.price': 64_123.5,
  };
  tracing.tracer.startSpan(`span ${made}`, { attributes }).end();
  made += 1;
}

async function work(ms: number): Promise<void> {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs) {
    for (let index = 0; index < 100; index += 1) makeSpan();
    await sleep(10);
    rssMax = Math.max(rssMax, process.memoryUsage.rss());
  }
}

async function perform(command: ServiceCommand): Promise<boolean> {
  if (command.do === 'burst') for (let index = 0; index < command.spans; index += 1) makeSpan();
  else if (command.do === 'work') await work(command.ms);
  else if (command.do === 'leave') process.disconnect();
  else return tracing[command.do](command.timeoutMs);
  return true;
}

process.on('message', async (command: ServiceCommand) => {
  loopDelay.reset();
  rssMax = process.memoryUsage.rss();
  const isDone = await perform(command);
  rssMax = Math.max(rssMax, process.memoryUsage.rss());
  const loopDelayMaxMs = loopDelay.max / 1e6;
  const answer: ServiceAnswer = { isDone, stats: tracing.stats(), loopDelayMaxMs, rssMax, lines };
  if (process.connected) process.send?.(answer);
});

process.once('SIGTERM', async () => {
  await tracing.shutdown(5_000);
  process.exit();
});
