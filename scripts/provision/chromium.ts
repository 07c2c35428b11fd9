import { existsSync } from 'node:fs';

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
