import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './process.ts';

const DEADLINE_MS = 120_000;

/**
 * The files that a guide shows: a fenced `ts` block begins the file that its first line names
 * (`// tracing.ts`), or goes on with the file before.
 */
export function filesOf(markdown: string): Map<string, string> {
  const files = new Map<string, string>();
  let name = '';
  for (const [, block = ''] of markdown.matchAll(/^```ts\n(.*?)^```$/gms)) {
    name = /^\/\/ (\S+\.ts)\n/.exec(block)?.[1] ?? name;
    files.set(name, (files.get(name) ?? '') + block);
  }
  return files;
}

export interface Ended {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A folder with the files, in which packages resolve as in the repository. It is outside of it, and
 * the packages are a link, because Node runs no TypeScript below `node_modules`.
 */
export class GuideFolder {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static async create(files: ReadonlyMap<string, string>): Promise<GuideFolder> {
    const path = await mkdtemp(join(tmpdir(), 'throughline-guide-'));
    await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'));
    await writeFile(join(path, 'package.json'), JSON.stringify({ type: 'module' }));
    const config = { extends: join(ROOT, 'tsconfig.json'), include: ['src'] };
    await writeFile(join(path, 'tsconfig.json'), JSON.stringify(config));
    await mkdir(join(path, 'src'));
    for (const [name, text] of files) await writeFile(join(path, 'src', name), text);
    return new GuideFolder(path);
  }

  /** With the repository's own options. @returns what the compiler says */
  typeCheck(): Promise<Ended> {
    return this.#start(join(ROOT, 'node_modules', '.bin', 'tsc'), ['--noEmit'], {}).ended;
  }

  /** Runs a file with Node. @param options of Node */
  start(file: string, environment: Environment, options: readonly string[] = []): Running {
    return this.#start(process.execPath, [...options, join('src', file)], environment);
  }

  remove(): Promise<void> {
    return rm(this.#path, { recursive: true, force: true });
  }

  #start(program: string, args: readonly string[], environment: Environment): Running {
    const env = { ...process.env, ...environment };
    const child = spawn(program, args, { cwd: this.#path, env, timeout: DEADLINE_MS });
    let output = '';
    let errors = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.stderr.on('data', (data) => {
      errors += data;
    });
    const ended = once(child, 'close').then(([code]): Ended => ({ code, output, errors }));
    return { child, ended };
  }
}
