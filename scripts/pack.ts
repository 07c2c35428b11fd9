// Packs the sdk for services outside this repository, as dist/throughline-sdk-VERSION.tgz: JavaScript and
// declarations, because Node runs no TypeScript below `node_modules`. What it uses of the model goes inside, so
// that one package is all there is to install, without the library of the model's schemas.
// Run: npm run pack -w @throughline/sdk [-- FOLDER]
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SDK = join(ROOT, 'packages', 'sdk');
/** As OpenTelemetry 3, of which the sdk is a part. */
const NODE_MIN = '>=22.15.0';
const MODEL = '@throughline/model';
const MODEL_NAMES = `${MODEL}/names`;

const target = resolve(process.argv[2] ?? join(ROOT, 'dist'));
const staging = mkdtempSync(join(tmpdir(), 'throughline-pack-'));
try {
  compile(join(staging, 'dist'));
  writeManifest();
  mkdirSync(target, { recursive: true });
  const args = ['pack', staging, '--pack-destination', target, '--json', '--loglevel=error'];
  const [packed] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8' }));
  process.stdout.write(`${join(target, packed.filename)}\n`);
} finally {
  rmSync(staging, { recursive: true, force: true });
}

/** To `sdk/src` and `model/src` below the folder; the sdk then finds the model's names by their place. */
function compile(folder: string): void {
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const args = ['--project', join(SDK, 'tsconfig.build.json'), '--outDir', folder];
  execFileSync(tsc, args, { stdio: 'inherit' });
  const names = join(folder, 'model', 'src', 'names.js');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(js|d\.ts)$/.test(name)) continue;
    const path = join(folder, name);
    const specifier = relative(dirname(path), names).replaceAll('\\', '/');
    const text = readFileSync(path, 'utf8').replaceAll(`'${MODEL_NAMES}'`, `'${specifier}'`);
    // The compiler names the compiled files in what runs, but not in declarations.
    writeFileSync(path, text.replace(/(['"]\.[^'"\n]*)\.ts(['"])/g, '$1.js$2'));
  }
}

/** The sdk's own, with compiled doors, and without what only its development needs. */
function writeManifest(): void {
  const source = JSON.parse(readFileSync(join(SDK, 'package.json'), 'utf8'));
  const { private: _private, scripts, devDependencies, dependencies, ...manifest } = source;
  const { [MODEL]: _model, ...others } = dependencies;
  const packed = {
    ...manifest,
    engines: { node: NODE_MIN },
    files: ['dist'],
    exports: { ...mapDoors(manifest.exports), './package.json': './package.json' },
    dependencies: Object.fromEntries(
      // A service that has a later one, of OpenTelemetry's API above all, shall have one, not two.
      Object.entries(others).map(([name, version]) => [name, `^${version}`]),
    ),
  };
  writeFileSync(join(staging, 'package.json'), `${JSON.stringify(packed, undefined, 2)}\n`);
}

function mapDoors(
  doors: Record<string, string>,
): Record<string, { types: string; default: string }> {
  const compiled = Object.entries(doors).map(([door, path]) => {
    const base = path.replace('./', './dist/sdk/').replace(/\.ts$/, '');
    return [door, { types: `${base}.d.ts`, default: `${base}.js` }] as const;
  });
  return Object.fromEntries(compiled);
}
