// Brings what the system tests need and npm does not carry: a Chromium to click in. Prints one line for
// each thing; exits 1 with what to do when something cannot be had.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const CHROMIUM_PATHS = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

function findChromium(): string | undefined {
  return CHROMIUM_PATHS.find((path) => path !== undefined && path !== '' && existsSync(path));
}

function aptInstall(name: string): void {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', name]]) {
    spawnSync('apt-get', args, { env: environment, stdio: 'ignore', timeout: 600_000 });
  }
}

if (!findChromium() && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  process.stdout.write('provision: installing chromium ...\n');
  aptInstall('chromium');
}
const chromium = findChromium();
if (chromium) {
  process.stdout.write(`provision: chromium at ${chromium}\n`);
} else {
  process.stderr.write(
    'provision: no Chromium. Install it (apt-get install chromium), or name one in CHROMIUM_PATH.\n',
  );
  process.exitCode = 1;
}
