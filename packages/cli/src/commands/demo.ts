import { formatTime, nowNs, ThroughlineError } from '@throughline/model';
import type { Server } from '@throughline/server';
import { type DemoSettings, readConfigFile, readSettings, tokensOf } from '../config.ts';
import { openBrowser } from '../demo/browser.ts';
import { type FloorProcess, startFloor } from '../demo/floor-process.ts';
import { type ClientOrder, Load } from '../demo/load.ts';
import { proveSystems } from '../demo/other-systems.ts';
import { ApiClient, readBack } from '../demo/read-back.ts';
import { countSpans } from '../demo/span-counts.ts';
import {
  proofText,
  slowestText,
  spanCountsText,
  statusText,
  systemsText,
  verdictText,
} from '../demo/summary.ts';
import { DEMO_FLAGS, helpText } from '../flags.ts';
import { printBanner } from '../terminal/banner.ts';
import { ProgressLine, progressBar } from '../terminal/progress.ts';
import { untilStopped } from '../terminal/signals.ts';
import { bold, red } from '../terminal/style.ts';
import { startServing } from './serve.ts';

const USAGE = 'throughline demo: serve, with trading systems that send their spans to it';

/** Client orders of one round, when the demo runs until it is stopped. */
const ROUND_ORDERS = 1_000;
const EXIT_ORDERS = 200;
const READ_BACK_DEADLINE_MS = 60_000;
/** Strategies need a market to look at: as long after the systems are ready they have traded, or fail. */
const TRADE_WITHIN_MS = 45_000;
/** What is on its way when the orders have been read gets this long to arrive. */
const ARRIVE_WITHIN_MS = 15_000;
/** The data directory may hold orders of runs before. */
const STARTED_AT = formatTime(nowNs());

/** Starts server and trading systems, and sends client orders until told to stop. */
export async function demo(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(helpText(USAGE, DEMO_FLAGS));
    return 0;
  }
  const settings = readSettings(DEMO_FLAGS, { argv, file: readConfigFile() });
  checkOrdersRun(settings);
  if (settings['tls-cert'] !== undefined) {
    throw new ThroughlineError('TL_CONFIG_INVALID', 'the demo does not speak TLS', {
      hint: 'Use `throughline serve` with --tls-cert.',
    });
  }
  const server = await startServing(settings);
  try {
    printBanner(server, settings);
    const system = await startFloor({
      systems: settings.systems,
      otlpHttpUrl: server.otlpHttpUrl,
      token: tokensOf(settings).ingest,
      nats: settings.nats,
      kafka: settings.kafka,
      postgres: settings.postgres,
      replay: settings.replay,
    });
    try {
      return await Promise.race([runDemo(server, system, settings), system.failed]);
    } finally {
      await system.close();
    }
  } finally {
    await server.close();
  }
}

/** Which systems there are the floor knows; the demo's own part of it are client orders. */
function checkOrdersRun({ systems }: DemoSettings): void {
  if (systems === undefined || systems.split(',').some((name) => name.trim() === 'orders')) return;
  throw new ThroughlineError('TL_CONFIG_INVALID', '--systems: the demo needs the system orders', {
    hint: 'Add orders to the list, or run trading/floor.ts without it.',
  });
}

async function runDemo(
  server: Server,
  system: FloorProcess,
  settings: DemoSettings,
): Promise<number> {
  const client = new ApiClient(server.uiUrl, tokensOf(settings).read);
  const print = (text: string): void => {
    if (!settings.json) process.stdout.write(`${text}\n`);
  };
  print(`${systemsText(system)}\n`);
  const readyMs = performance.now();
  if (settings.exit) {
    const orders = await sendOrders(system, settings, settings.orders ?? EXIT_ORDERS, 1);
    const isWhole = await verify(server, client, orders, settings.json);
    const leftMs = readyMs + TRADE_WITHIN_MS - performance.now();
    const deadlineMs = Math.max(leftMs, ARRIVE_WITHIN_MS);
    const isProven = await checkSystems(server, client, system, {
      deadlineMs,
      isJson: settings.json,
    });
    return isWhole && isProven && (await checkSpans(system, print)) ? 0 : 1;
  }
  if (!settings['no-open'] && !settings.json) openBrowser(server.uiUrl);
  await Promise.race([untilStopped(), keepSending(server, system, client, settings, print)]);
  return 0;
}

/** Rounds of orders, each followed by a word on the slowest; after `--orders` N the server stays up. */
async function keepSending(
  server: Server,
  system: FloorProcess,
  client: ApiClient,
  settings: DemoSettings,
  print: (text: string) => void,
): Promise<void> {
  for (let round = 1; ; round += 1) {
    await sendOrders(system, settings, settings.orders ?? ROUND_ORDERS, round);
    print(`\n${await slowestOf(server, client)}`);
    if (settings.orders !== undefined) {
      print(`All orders have ended. ${bold(server.uiUrl)} stays up; Ctrl-C stops it.`);
      return new Promise(() => {});
    }
  }
}

async function sendOrders(
  system: FloorProcess,
  settings: DemoSettings,
  count: number,
  seed: number,
): Promise<ClientOrder[]> {
  const { wsUrl, exchangeRestUrl } = system;
  const load = new Load({ wsUrl, exchangeRestUrl, orders: count, rate: settings.rate, seed });
  const line = new ProgressLine();
  try {
    let text = '';
    const orders = await load.finish((progress) => {
      text = `Client orders ${progressBar(progress.final, count)}  ${statusText(progress.byStatus)}`;
      if (!settings.json) line.update(text);
    });
    if (!settings.json) line.finish(text);
    return orders;
  } finally {
    await load.stop();
  }
}

/** Reads every order back; whether each is whole and exact, else names the first that is not. */
async function verify(
  server: Server,
  client: ApiClient,
  orders: readonly ClientOrder[],
  isJson: boolean,
): Promise<boolean> {
  const line = new ProgressLine();
  const progress = (read: number) => `Reading back  ${progressBar(read, orders.length)}`;
  const results = await readBack(client, orders, {
    deadlineMs: READ_BACK_DEADLINE_MS,
    onProgress: (read) => isJson || line.update(progress(read)),
  });
  const defects = results.flatMap(({ order, defect }) =>
    defect === undefined ? [] : [{ key: `${order.user_id}/${order.client_order_id}`, defect }],
  );
  const [first] = defects;
  if (isJson) {
    const { length: defective } = defects;
    process.stdout.write(`${JSON.stringify({ orders: results.length, defective, first })}\n`);
  } else {
    line.finish(progress(results.length));
    const durations = results.flatMap(({ lifecycle }) => (lifecycle ? [lifecycle.durationNs] : []));
    const slowest = await slowestOf(server, client);
    process.stdout.write(`\n${slowest}\n${verdictText(durations, defects.length)}\n`);
  }
  if (!first) return results.length > 0;
  process.stderr.write(`${red(`order ${first.key} ${first.defect}`)}\n`);
  process.stderr.write(`  ${orderLink(server, first.key)}\n`);
  return false;
}

/** Whether a whole lifecycle of each other system that runs is there, else names the first that is not. */
async function checkSystems(
  server: Server,
  client: ApiClient,
  { rows }: FloorProcess,
  { deadlineMs, isJson }: { deadlineMs: number; isJson: boolean },
): Promise<boolean> {
  const line = new ProgressLine();
  const systems = [...new Set(rows.map(({ system }) => system))];
  const proofs = await proveSystems(client, systems, {
    start: STARTED_AT,
    deadlineMs,
    onWait: (missing) => isJson || line.update(`Waiting for ${missing.join(', ')}`),
  });
  const shown = proofs.map((proof) => {
    const key = proof.lifecycle?.key;
    return { proof, link: key === undefined ? '' : lifecycleLink(server, proof.name, key) };
  });
  if (isJson) {
    const told = proofs.map(({ system, name, lifecycle, defect }) => ({
      ...{ system, name, key: lifecycle?.key, defect },
    }));
    process.stdout.write(`${JSON.stringify({ systems: told })}\n`);
  } else {
    if (proofs.length > 0) line.finish('');
    for (const { proof, link } of shown) process.stdout.write(`${proofText(proof, link)}\n`);
  }
  const first = proofs.find(({ defect }) => defect !== undefined);
  if (!first) return true;
  const which = first.lifecycle ? ` ${first.lifecycle.key}` : '';
  process.stderr.write(`${red(`${first.system}: ${first.name}${which}: ${first.defect}`)}\n`);
  return false;
}

/** Asks the services of all systems for what became of their spans; whether none was lost. */
async function checkSpans({ rows }: FloorProcess, print: (text: string) => void): Promise<boolean> {
  const counts = await countSpans(rows);
  print(spanCountsText(counts));
  if (counts.dropped === 0) return true;
  process.stderr.write(`${red(`${counts.dropped} spans were lost`)}\n`);
  return false;
}

/** A word on the order of this run that took longest; nothing before there is one. */
async function slowestOf(server: Server, client: ApiClient): Promise<string> {
  const query = { name: 'order', sort: 'duration', limit: 1, start: STARTED_AT } as const;
  const { rows } = await client.lifecycles(query);
  const [slowest] = rows;
  return slowest ? `${slowestText(slowest, orderLink(server, slowest.key))}\n` : '';
}

function lifecycleLink(server: Server, name: string, key: string): string {
  return `${server.uiUrl}/lifecycles/${name}/${encodeURIComponent(key)}`;
}

function orderLink(server: Server, key: string): string {
  return `${server.uiUrl}/orders/${key.split('/').map(encodeURIComponent).join('/')}`;
}
