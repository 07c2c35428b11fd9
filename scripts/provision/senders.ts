import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Fetching a language's packages, or compiling them, for the first time. */
const STEP_DEADLINE_MS = 600_000;
const STEP_TRIES_MAX = 2;
const PROBE_DEADLINE_MS = 30_000;

const SOURCES = join(import.meta.dirname, '..', '..', 'test', 'support', 'senders');

/** Outside the checkout and `node_modules`, so that neither a clean clone nor an install loses it. */
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'throughline');

/** A program in another language that sends a trace with OpenTelemetry's SDK for it. */
export interface Sender {
  readonly language: string;
  /** To be followed by `grpc` or `http` and the endpoint. */
  readonly command: readonly string[];
}

interface Language {
  /** Of the folder with its source. */
  readonly name: string;
  /** Succeeds, in the folder with its source, where the machine has the language, and new enough. */
  readonly probe: readonly string[];
  /** What brings its packages, and compiles it, in a copy of its source. */
  readonly steps: readonly (readonly string[])[];
  command(folder: string): readonly string[];
}

const LANGUAGES: readonly Language[] = [
  {
    name: 'python',
    // Debian has these two in packages of their own.
    probe: ['python3', '-c', 'import venv, ensurepip'],
    steps: [
      ['python3', '-m', 'venv', 'venv'],
      ['venv/bin/python', '-m', 'pip', 'install', '--quiet', '-r', 'requirements.txt'],
    ],
    command: (folder) => [join(folder, 'venv', 'bin', 'python'), join(folder, 'sender.py')],
  },
  {
    name: 'go',
    probe: ['go', 'list', '-m'],
    steps: [['go', 'build', '-o', 'sender', '.']],
    command: (folder) => [join(folder, 'sender')],
  },
  {
    name: 'java',
    // Maven is brought for Kafka's jars.
    probe: ['javac', '--release', '11', '-version'],
    steps: [
      ['mvn', '-B', '-q', 'dependency:copy-dependencies', '-DoutputDirectory=jars'],
      ['javac', '-encoding', 'UTF-8', '-cp', 'jars/*', 'Sender.java'],
    ],
    command: (folder) => ['java', '-cp', `${folder}:${join(folder, 'jars')}/*`, 'Sender'],
  },
];

/**
 * Makes the senders of those languages that the machine has. A language that it does not have is not
 * brought: these are whole tool chains. @returns which are there, or what to do
 */
export function provisionSenders(): { path: string } | { todo: string } {
  const here = LANGUAGES.filter(isHere);
  for (const language of here) {
    const problem = make(language);
    if (problem !== undefined) return { todo: problem };
  }
  const missing = LANGUAGES.filter((language) => !here.includes(language)).map(({ name }) => name);
  const without = missing.length > 0 ? ` (not on this machine: ${missing.join(', ')})` : '';
  return { path: `${CACHE}${without}` };
}

/**
 * The senders of the languages that the machine has.
 *
 * @throws Error when {@link provisionSenders} has not run
 */
export function senders(): Sender[] {
  return LANGUAGES.filter(isHere).map((language) => {
    const folder = folderOf(language);
    if (!existsSync(done(folder))) {
      throw new Error(`no ${language.name}: run \`node scripts/provision/main.ts\` first`);
    }
    return { language: language.name, command: language.command(folder) };
  });
}

function isHere({ name, probe: [program = '', ...args] }: Language): boolean {
  const cwd = join(SOURCES, name);
  return spawnSync(program, args, { cwd, timeout: PROBE_DEADLINE_MS }).status === 0;
}

/** Another source or another list of packages is another folder. */
function folderOf({ name }: Language): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(join(SOURCES, name)).sort()) {
    hash.update(`${file}\0`).update(readFileSync(join(SOURCES, name, file)));
  }
  return join(CACHE, `sender-${name}-${hash.digest('hex').slice(0, 12)}`);
}

/** Written last: a folder without it is begun anew. */
function done(folder: string): string {
  return join(folder, 'done');
}

/** @returns what went wrong */
function make(language: Language): string | undefined {
  const folder = folderOf(language);
  if (existsSync(done(folder))) return undefined;
  process.stdout.write(`provision: making the sender in ${language.name} ...\n`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  cpSync(join(SOURCES, language.name), folder, { recursive: true });
  for (const step of language.steps) {
    const problem = run(step, folder);
    if (problem !== undefined) return problem;
  }
  writeFileSync(done(folder), '');
  return undefined;
}

function run([program = '', ...args]: readonly string[], cwd: string): string | undefined {
  let output = '';
  for (let tried = 0; tried < STEP_TRIES_MAX; tried += 1) {
    const ran = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: STEP_DEADLINE_MS });
    if (ran.status === 0) return undefined;
    output = `${ran.stdout}${ran.stderr}${ran.error ?? ''}`.slice(-2_048);
  }
  return `\`${program} ${args.join(' ')}\` failed in ${cwd}: see its output\n${output}`;
}
