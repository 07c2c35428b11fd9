/**
 * A service whose spans go to a collector, in a process of its own (export.test.ts). It does what it
 * is told by its parent and answers each time with how it fares. On SIGTERM it ends as a service
 * should: what is queued is sent first, within a deadline.
 *
 * Usage: fork it with the options of `startTracing` as JSON.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startTracing, type TracingStats } from '@throughline/sdk';

export type ServiceCommand =
  /** Makes spans in one turn of the event loop. */
  | { readonly do: 'burst'; readonly spans: number }
  /** Makes a hundred spans and rests for ten milliseconds, as often as it is told. */
  | { readonly do: 'work'; readonly rounds: number }
  | { readonly do: 'flush' | 'shutdown'; readonly timeoutMs: number }
  /** Lets go of the parent: nothing of the service itself holds the process then. */
  | { readonly do: 'leave' };

export interface ServiceAnswer {
  /** Of a flush or a shutdown: whether everything was settled in time. */
  readonly isDone: boolean;
  readonly stats: TracingStats;
  /** The longest that the event loop was held up: by work, not by a machine that stands still. */
  readonly turnCpuMsMax: number;
  readonly rssMax: number;
  readonly lines: readonly string[];
}

const lines: string[] = [];
const tracing = startTracing({
  serviceName: 'service',
  log: (line) => lines.push(line),
  ...JSON.parse(process.argv[2] ?? '{}'),
});
const TURN_MS = 10;
let turnCpu = process.threadCpuUsage();
let turnCpuMsMax = 0;
let made = 0;
let rssMax = 0;

/** Each round of the event loop: what the thread has computed since the one before. */
function takeTurn(): void {
  const { user, system } = process.threadCpuUsage(turnCpu);
  turnCpu = process.threadCpuUsage();
  turnCpuMsMax = Math.max(turnCpuMsMax, (user + system) / 1_000);
}

setInterval(takeTurn, TURN_MS).unref();

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

async function work(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (let index = 0; index < 100; index += 1) makeSpan();
    await sleep(10);
    rssMax = Math.max(rssMax, process.memoryUsage.rss());
  }
}

async function perform(command: ServiceCommand): Promise<boolean> {
  if (command.do === 'burst') for (let index = 0; index < command.spans; index += 1) makeSpan();
  else if (command.do === 'work') await work(command.rounds);
  else if (command.do === 'leave') process.disconnect();
  else return tracing[command.do](command.timeoutMs);
  return true;
}

process.on('message', async (command: ServiceCommand) => {
  takeTurn();
  turnCpuMsMax = 0;
  rssMax = process.memoryUsage.rss();
  const isDone = await perform(command);
  rssMax = Math.max(rssMax, process.memoryUsage.rss());
  takeTurn();
  const answer: ServiceAnswer = { isDone, stats: tracing.stats(), turnCpuMsMax, rssMax, lines };
  if (process.connected) process.send?.(answer);
});

process.once('SIGTERM', async () => {
  await tracing.shutdown(60_000);
  process.exit();
});
