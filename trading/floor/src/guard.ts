// A program that does not end with its parent by itself, in a process that sees to it:
// `node guard.ts PROGRAM ARGS...` says its pid in one line of JSON, and ends it at SIGTERM, or when
// stdin ends because whoever started it is gone, however that went.
import { spawn } from 'node:child_process';

const STOP_DEADLINE_MS = 5_000;

const [program = '', ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });

child.once('spawn', () => console.log(JSON.stringify({ pid: child.pid })));
child.once('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
child.once('exit', (code) => process.exit(code ?? 1));

function stop(): void {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS).unref();
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.stdin.once('end', stop).once('error', stop).resume();
