import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../process.ts';

/** Builds the web application as it is delivered. @returns the folder, which the caller removes */
export async function buildUi(): Promise<string> {
  const dist = await mkdtemp(join(tmpdir(), 'throughline-ui-'));
  // In a process of its own: the tests' NODE_ENV would make it a development build.
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', join(ROOT, 'packages/ui'), '--outDir', dist, '--emptyOutDir'];
  const options = { env: { NODE_ENV: 'production' }, timeout: 240_000 };
  await promisify(execFile)(process.execPath, args, options);
  return dist;
}
