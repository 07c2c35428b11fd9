import { Subprocess, scriptCommand } from '@throughline/process';
import { expect, test } from 'vitest';
import { z } from 'zod';

const startedSchema = z.object({ pid: z.int() });

const FOREVER = 'setInterval(() => {}, 1e6)';

async function guard(code: string): Promise<{ guarding: Subprocess; pid: number }> {
  const args = [process.execPath, '-e', code];
  const guarding = new Subprocess(scriptCommand('trading/floor/src/guard.ts', args), {
    name: 'guard',
    environment: {},
  });
  const { pid } = await guarding.until((line) => startedSchema.safeParse(line).data);
  return { guarding, pid };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('what is guarded ends when it is told to', async () => {
  const { guarding, pid } = await guard(FOREVER);
  expect(isAlive(pid)).toBe(true);
  await guarding.stop();
  expect(isAlive(pid)).toBe(false);
});

test('what is guarded ends with whoever started it, however that ended', async () => {
  // A parent that is killed cannot tell anybody.
  const script = new URL('./guard.ts', import.meta.url).pathname;
  const parent = new Subprocess(
    {
      program: process.execPath,
      args: [
        '-e',
        `const { spawn } = require('node:child_process');
        spawn(process.execPath, ${JSON.stringify([script, process.execPath, '-e', FOREVER])}, {
          stdio: ['pipe', 'inherit', 'inherit'],
          detached: true,
        });`,
      ],
    },
    { name: 'parent', environment: {} },
  );
  const { pid } = await parent.until((line) => startedSchema.safeParse(line).data);
  process.kill(parent.pid, 'SIGKILL');
  await expect.poll(() => isAlive(pid)).toBe(false);
});

test('a guarded program that ends by itself is told by how it ended', async () => {
  const { guarding } = await guard('setTimeout(() => process.exit(7), 200)');
  await expect(guarding.failure()).rejects.toThrow('ended with code 7');
});
