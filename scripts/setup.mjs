// Runs before `npm start` and `npm test`, on whatever Node the machine has (hence plain JavaScript):
// installs the dependencies (Node 24 among them) and builds the web application, when either is missing
// or older than what it is made from.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));

function run(title, command, args, cwd = root) {
  const started = Date.now();
  process.stdout.write(`${title} ...\n`);
  const result = spawnSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}\n`);
    process.stderr.write(`${title} failed: ${command} ${args.join(' ')}\n`);
    process.exit(1);
  }
  process.stdout.write(`${title}: done in ${Math.round((Date.now() - started) / 1000)} s\n`);
}

function install() {
  const lockHash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.throughline-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash) return;
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  if (npm) run('Installing dependencies', process.execPath, [npm, ...args]);
  else run('Installing dependencies', 'npm', args);
  writeFileSync(stamp, lockHash);
}

/** npm 10 installs the optional Node package but does not link its binary as npm 11 does. */
function linkNode() {
  const name = `node-${platform()}-${arch()}`;
  const link = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(link) || !existsSync(join(root, 'node_modules', name, 'bin', 'node'))) return;
  symlinkSync(join('..', name, 'bin', 'node'), link);
}

function findNode() {
  const bundled = join(root, 'node_modules', '.bin', 'node');
  const node = existsSync(bundled) ? bundled : process.execPath;
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '';
  if (Number(/^v(\d+)/.exec(version)?.[1] ?? 0) >= NODE_MAJOR_MIN) return node;
  process.stderr.write(
    `Throughline needs Node ${NODE_MAJOR_MIN} or newer, this is ${version || 'unknown'}. On Linux (x64, arm64) it comes ` +
      `with the dependencies; here, install it from nodejs.org and run the command again.\n`,
  );
  return process.exit(1);
}

function newestMs(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

function buildUi(node) {
  const ui = join(root, 'packages', 'ui');
  const built = join(ui, 'dist', 'index.html');
  const sources = [
    ...['src', 'index.html', 'vite.config.ts', 'package.json'].map((name) => join(ui, name)),
    join(root, 'packages', 'model', 'src'),
  ];
  if (existsSync(built) && statSync(built).mtimeMs > Math.max(...sources.map(newestMs))) return;
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  run('Building the web application', node, [vite, 'build', '--logLevel', 'warn'], ui);
}

install();
linkNode();
buildUi(findNode());
