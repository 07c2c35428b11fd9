// `npm test`: provision, style and layering, types, unit tests, then system tests with real processes.
// The last line is `N passed, N failed`; each check counts as one test. Words after `--` go to Vitest.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');
const reports = mkdtempSync(join(tmpdir(), 'throughline-test-'));
let passed = 0;
let failed = 0;

function run(command: string, args: readonly string[]): boolean {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  return result.status === 0;
}

function check(title: string, command: string, args: readonly string[]): void {
  process.stdout.write(`\n== ${title}\n`);
  if (run(command, args)) passed += 1;
  else failed += 1;
}

/** Runs a Vitest project and adds its counts; a run without a report (a crash) counts as one failure. */
function vitest(project: string, words: readonly string[]): void {
  process.stdout.write(`\n== ${project} tests\n`);
  const report = join(reports, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = ['run', '--project', project, '--passWithNoTests', ...reporters, ...words];
  const ok = run(join(bin, 'vitest'), args);
  let counts = { numPassedTests: 0, numFailedTests: 0 };
  try {
    counts = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    process.stdout.write(`${project}: no report\n`);
  }
  passed += counts.numPassedTests;
  failed += counts.numFailedTests;
  if (!ok && counts.numFailedTests === 0) failed += 1;
}

const words = process.argv.slice(2);
if (words.length === 0) {
  check('provision', process.execPath, ['scripts/provision/main.ts']);
  check('format and lint', join(bin, 'biome'), ['check', '--error-on-warnings', '.']);
  check('types', join(bin, 'tsc'), ['--noEmit']);
  check('tidy', process.execPath, ['scripts/tidy/main.ts']);
}
vitest('unit', words);
vitest('system', words);
rmSync(reports, { recursive: true, force: true });
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
