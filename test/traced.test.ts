/**
 * The decorator in real syntax, as the TypeScript compiler emits it, standard and legacy:
 * `vitest run --project system test/traced`.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const run = promisify(execFile);
const sdk = join(import.meta.dirname, '../packages/sdk');
const compiler = join(import.meta.dirname, '../node_modules/.bin/tsc');

const PROGRAM = `
import { startTracing, traced } from '@throughline/sdk';

class Strategy {
  readonly spread = 2;

  @traced('quote', { argumentAttributes: ['trading.symbol'] })
  quote(symbol: string, price: number): string {
    return symbol + ' ' + (price + this.spread);
  }

  @traced('hedge')
  async hedge(quantity: number): Promise<number> {
    await Promise.resolve();
    return -quantity;
  }

  @traced('fail')
  static fail(): never {
    throw new TypeError('no market');
  }
}

// The class was decorated before there was any tracing.
const tracing = startTracing({ exporter: 'none', log() {} });
const strategy = new Strategy();
const quote: string = strategy.quote('BTCUSDT', 5);
const hedge: number = await strategy.hedge(3);
let thrown = '';
try {
  Strategy.fail();
} catch (error) {
  thrown = String(error);
}
console.log(JSON.stringify({ quote, hedge, thrown, ended: tracing.stats().ended }));
await tracing.shutdown(0);
`;

test.each([
  ['standard', false],
  ['legacy', true],
])('a method with the decorator in %s syntax is traced', async (_syntax, isLegacy) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'traced-')));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'node_modules/@throughline'), { recursive: true });
  symlinkSync(sdk, join(folder, 'node_modules/@throughline/sdk'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'program.ts'), PROGRAM);
  const compilerOptions = {
    experimentalDecorators: isLegacy,
    target: 'es2022',
    lib: ['es2024', 'esnext.disposable', 'dom'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(sdk, '../../node_modules/@types')],
    rewriteRelativeImportExtensions: true,
    // The sources of the sdk are compiled with it, into folders that nobody looks at.
    rootDir: '/',
    outDir: 'out',
  };
  const project = { compilerOptions, files: ['program.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
  await run(compiler, ['--project', folder], { encoding: 'utf8' });
  const program = join(folder, 'out', folder, 'program.js');
  const { stdout } = await run(process.execPath, [program], { encoding: 'utf8' });
  expect(JSON.parse(stdout)).toEqual({
    quote: 'BTCUSDT 7',
    hedge: -3,
    thrown: 'TypeError: no market',
    ended: 3,
  });
});
