import { existsSync } from 'node:fs';
import { aptInstall } from './debian.ts';

/** Chromium, named by `CHROMIUM_PATH` or wherever the system keeps it; undefined when there is none. */
export function findChromium(): string | undefined {
  const paths = [
    process.env.CHROMIUM_PATH,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  return paths.find((path) => path !== undefined && path !== '' && existsSync(path));
}

/** Brings a Chromium. @returns its path, or what to do */
export function provisionChromium(): { path: string } | { todo: string } {
  if (!findChromium()) aptInstall('chromium');
  const path = findChromium();
  return path
    ? { path }
    : { todo: 'install Chromium (apt-get install chromium), or name one in CHROMIUM_PATH' };
}
