// What tracing costs whole systems: `signals` as five processes over a real NATS server at 1,000 ticks a
// second, and `orders` at 80 orders a second, each without tracing, with 10 % of the traces sampled and
// with all, in turn. CPU from /proc, latencies by the clock of the one who sent and hears, spans to a
// receiver that looks into nothing. A figure counts as the median of what the rounds differ by. Linux.
// About 5 minutes, on a machine that does nothing else.
// Run: node bench/overhead.ts [--rounds 7] [--seconds 5] [--rate 1000] [--systems signals,orders] [--json]
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { startExchangeProcess } from '../test/support/exchange-process.ts';
import { startProcess } from '../test/support/process.ts';
import { OrdersBench } from './support/overhead-orders.ts';
import {
  figuresTable,
  ordersFigures,
  type Round,
  signalsFigures,
} from './support/overhead-report.ts';
import { MODES, type Mode } from './support/overhead-services.ts';
import { SignalsBench } from './support/overhead-signals.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '5' },
    rate: { type: 'string', default: '1000' },
    systems: { type: 'string', default: 'signals,orders' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds);
if (!options.json) say(conditions());
const exchange = await startExchangeProcess(['--flow-rate', '20']);
const receiver = await startProcess<{ url: string }>('bench/support/overhead-receiver.ts', []);
/** One for each mode, which are told apart by it. */
const receiverUrlOf = (mode: Mode): string => `${receiver.ready.url}/${MODES.indexOf(mode)}`;
const systems = {
  signals: async () => {
    const ticksPerSecond = Number(options.rate);
    const setting = { exchangeRest: exchange.rest, ticksPerSecond, seconds };
    const start = (mode: Mode) =>
      SignalsBench.start(mode, { ...setting, receiverUrl: receiverUrlOf(mode) });
    return signalsFigures(await measure(start));
  },
  orders: async () => {
    const start = (mode: Mode) =>
      OrdersBench.start(mode, { exchange, seconds, receiverUrl: receiverUrlOf(mode) });
    return ordersFigures(await measure(start));
  },
};
try {
  for (const name of options.systems.split(',') as (keyof typeof systems)[]) {
    const figures = await systems[name]();
    say(options.json ? JSON.stringify({ system: name, figures }) : figuresTable(name, figures));
  }
} finally {
  await receiver.stop();
  await exchange.stop();
}

/** What the figures can be believed by, and how they are read. */
function conditions(): string {
  const load = loadavg()[0]?.toFixed(1);
  return (
    `${availableParallelism()} cores, load ${load} before the start, ${options.rounds} rounds of ${seconds} s; ` +
    'added: the median of the rounds, in brackets the least and the most.\n' +
    '10 us a message are 1 % of a core at 1,000 messages a second.'
  );
}

function say(text: string): void {
  process.stdout.write(`${text}\n\n`);
}

/** The same system in each mode, side by side: while one works the others have nothing to do. */
interface Bench<Run> {
  run(): Promise<Run>;
  stop(): Promise<void>;
}

/** Each mode in each round; a round begins with another mode than the one before. */
async function measure<Run>(start: (mode: Mode) => Promise<Bench<Run>>): Promise<Round<Run>[]> {
  const benches = new Map<Mode, Bench<Run>>();
  const rounds: Round<Run>[] = [];
  try {
    for (const mode of MODES) benches.set(mode, await start(mode));
    for (let round = 0; round < Number(options.rounds); round += 1) {
      const turns = [...benches];
      const inTurn = [
        ...turns.slice(round % turns.length),
        ...turns.slice(0, round % turns.length),
      ];
      const runs: [Mode, Run][] = [];
      for (const [mode, bench] of inTurn) runs.push([mode, await bench.run()]);
      rounds.push(Object.fromEntries(runs) as Round<Run>);
    }
  } finally {
    for (const bench of benches.values()) await bench.stop();
  }
  return rounds;
}
