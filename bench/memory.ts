// What tracing costs a service in memory: the sdk as it is packed, and OpenTelemetry's own SDK, each
// against the same process without tracing, which is bare or has loaded what a service has. After the
// import, after the start, after 10,000 spans that were sent, and with 10,000 more that wait because
// the receiver is away (the last against the stage before). Medians of the rounds. About 2 minutes.
// Run: node bench/memory.ts [--json] [--rounds N]
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { ROOT, startProcess } from '../test/support/process.ts';
import type { Base, ContestantName, Memory, Stages } from './support/memory-contestant.ts';
import { percentile } from './support/server.ts';

const run = promisify(execFile);

const BASES: readonly Base[] = ['bare', 'service'];
const CONTESTANTS: readonly ContestantName[] = ['empty', 'throughline', 'stock'];
const STAGES = ['imported', 'started', 'working', 'queued'] as const;
const FIGURES = ['rss', 'private', 'heap', 'buffers'] as const;

/** One line of the table: what tracing adds, in MiB. */
interface Row extends Memory {
  readonly base: Base;
  readonly name: ContestantName;
  readonly stage: (typeof STAGES)[number];
}

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '5' } },
});
const results = new Map<string, Stages[]>();
const folder = await mkdtemp(join(tmpdir(), 'throughline-memory-'));
try {
  const contestant = await prepare();
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const base of BASES) {
      for (const name of CONTESTANTS) await runContestant(contestant, base, name);
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
report();

/** The contestant's JavaScript in a folder where the packed sdk is installed. @returns its path */
async function prepare(): Promise<string> {
  const { stdout } = await run(process.execPath, [join(ROOT, 'scripts', 'pack.ts'), folder]);
  const sdk = join(folder, 'node_modules', '@throughline', 'sdk');
  await mkdir(sdk, { recursive: true });
  await run('tar', ['-xzf', stdout.trim(), '-C', sdk, '--strip-components=1']);
  await linkPackages('@opentelemetry');
  await linkPackages('@nats-io');
  await symlink(join(ROOT, 'node_modules', 'pino'), join(folder, 'node_modules', 'pino'));
  const source = await readFile(join(ROOT, 'bench/support/memory-contestant.ts'), 'utf8');
  const path = join(folder, 'contestant.mjs');
  await writeFile(path, stripTypeScriptTypes(source));
  return path;
}

async function linkPackages(scope: string): Promise<void> {
  const from = join(ROOT, 'node_modules', scope);
  const to = join(folder, 'node_modules', scope);
  await mkdir(to);
  for (const name of await readdir(from)) await symlink(join(from, name), join(to, name));
}

/** With a receiver of its own, which it ends. */
async function runContestant(path: string, base: Base, name: ContestantName): Promise<void> {
  const receiver = await startProcess<{ url: string }>('bench/support/sdk-receiver.ts', []);
  try {
    const endpoint = `${receiver.ready.url}/${name}`;
    const args = ['--expose-gc', path, base, name, endpoint, String(receiver.child.pid)];
    // Without variables of the environment: each has its defaults.
    const { stdout } = await run(process.execPath, args, { env: {} });
    const key = `${base} ${name}`;
    results.set(key, [...(results.get(key) ?? []), JSON.parse(stdout)]);
  } finally {
    await receiver.stop('SIGKILL');
  }
}

function report(): void {
  const rows = BASES.flatMap((base) =>
    CONTESTANTS.filter((name) => name !== 'empty').flatMap((name) => rowsOf(base, name)),
  );
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ rows })}\n`);
    return;
  }
  const lines = [
    columns(['MiB', '', '', ...FIGURES]),
    ...rows.map((row) =>
      columns([row.base, row.name, row.stage, ...FIGURES.map((figure) => row[figure].toFixed(1))]),
    ),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Without what the process holds anyway; of waiting spans, what they add to a service at work. */
function rowsOf(base: Base, name: ContestantName): Row[] {
  return STAGES.map((stage) => {
    const added = (figure: keyof Memory): number => {
      const over = (at: keyof Stages) =>
        median(`${base} ${name}`, at, figure) - median(`${base} empty`, at, figure);
      return stage === 'queued' ? over('queued') - over('working') : over(stage);
    };
    return {
      base,
      name,
      stage,
      rss: added('rss'),
      private: added('private'),
      heap: added('heap'),
      buffers: added('buffers'),
    };
  });
}

function median(key: string, stage: keyof Stages, figure: keyof Memory): number {
  const values = (results.get(key) ?? []).map((stages) => stages[stage][figure]);
  return percentile(values, 0.5);
}

function columns(cells: readonly string[]): string {
  const widths = [9, 13, 10, 9, 9, 9, 9];
  return cells
    .map((cell, index) =>
      index < 3 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
    )
    .join('');
}
