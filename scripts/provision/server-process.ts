import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const START_DEADLINE_MS = 120_000;
const STOP_DEADLINE_MS = 15_000;
/** Below those that Linux and others take for connections. */
const PORTS = { from: 20_000, to: 32_000 };

/** A real server for a test, on a loopback port of its own, with its data in a temporary folder. */
export interface TestServer {
  readonly port: number;
  /** Ends the process and starts it again on the same port with the same data. */
  restart(signal?: NodeJS.Signals): Promise<void>;
  /** Ends the process; it can be started again. */
  pause(signal?: NodeJS.Signals): Promise<void>;
  /** Starts the process that was paused. */
  resume(): Promise<void>;
  /** Ends the process and removes its data. */
  stop(): Promise<void>;
}

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** Removed by `stop`. */
  readonly folder: string;
  readonly port: number;
  /** Who runs it, where root may not. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** The server answers; by default its port accepts a connection. */
  readonly isReady?: () => Promise<boolean>;
}

/**
 * A loopback port that nobody listens on now, and that no connection is given by itself: it is still free
 * when its server starts, and when it starts again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** Starts the command and waits until it is ready. @throws Error with its output when it ends instead */
export async function startServer(command: ServerCommand): Promise<TestServer> {
  let child: ChildProcess | undefined;
  const resume = async (): Promise<void> => {
    child ??= await startProcess(command);
  };
  const pause = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending) await endProcess(ending, signal);
  };
  await resume();
  return {
    port: command.port,
    pause,
    resume,
    async restart(signal) {
      await pause(signal);
      await resume();
    },
    async stop() {
      await pause();
      await rm(command.folder, { recursive: true, force: true });
    },
  };
}

async function startProcess(command: ServerCommand): Promise<ChildProcess> {
  const { program, args, uid, gid, env, port } = command;
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: command.folder,
    env: { ...process.env, ...env },
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-8_192);
    });
  }
  child.on('error', (error) => {
    output += String(error);
  });
  const isReady = command.isReady ?? (() => accepts(port));
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  while (!(await isReady())) {
    if (child.exitCode !== null || child.pid === undefined || performance.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error(`${program} did not start: ${output}`);
    }
    await sleep(50);
  }
  return child;
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await closed;
  clearTimeout(timer);
}

/** Whether somebody listens on the loopback port. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
