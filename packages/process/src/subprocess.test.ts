import { expect, test } from 'vitest';
import { Subprocess } from './subprocess.ts';

function run(code: string, stopDeadlineMs?: number): Subprocess {
  const options = { name: 'example', environment: {} };
  return new Subprocess(
    { program: process.execPath, args: ['-e', code] },
    stopDeadlineMs === undefined ? options : { ...options, stopDeadlineMs },
  );
}

const lineOf = (line: unknown) => line;

test('its lines of JSON are read, and other text is passed over', async () => {
  const child = run('console.log("hello"); console.log("[1]"); setInterval(() => {}, 1e6)');
  expect(await child.until(lineOf)).toEqual([1]);
  await child.stop();
});

test('one that ends by itself is a failure with the last it said', async () => {
  const child = run('console.error("out of luck"); process.exit(3)');
  await expect(child.failure()).rejects.toMatchObject({
    code: 'TL_DEMO_FAILED',
    message: 'example ended with code 3: out of luck',
  });
  await expect(child.until(lineOf)).rejects.toThrow('ended with code 3');
});

test('one that cannot be started is a failure', async () => {
  const options = { name: 'nothing', environment: {} };
  const child = new Subprocess({ program: '/nowhere/nothing', args: [] }, options);
  await expect(child.until(lineOf)).rejects.toThrow('nothing did not start');
  await child.stop();
});

test('one that does not stop is made to', async () => {
  const child = run(
    'process.on("SIGTERM", () => {}); console.log("1"); setInterval(Date, 1e6)',
    50,
  );
  await child.until(lineOf);
  await child.stop();
  await expect(child.until(lineOf)).rejects.toThrow('SIGKILL');
});
