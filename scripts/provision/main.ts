// Brings what the system tests need and npm does not carry: a Chromium to click in. Prints one line for
// each thing; exits 1 with what to do when something cannot be had.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findChromium } from './chromium.ts';

const APT_DEADLINE_MS = 600_000;

function aptInstall(name: string): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', name]]) {
    spawnSync('apt-get', args, { env, stdio: 'ignore', timeout: APT_DEADLINE_MS });
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
