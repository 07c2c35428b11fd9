import { spawn } from 'node:child_process';
import { platform } from 'node:os';

const OPENERS: Readonly<Record<string, string>> = { darwin: 'open', linux: 'xdg-open' };

/** Opens the page where a person sits before a screen; a machine without a browser is no error. */
export function openBrowser(url: string): void {
  const opener = OPENERS[platform()];
  if (opener === undefined || !process.stdout.isTTY) return;
  const child = spawn(opener, [url], { stdio: 'ignore', detached: true });
  child.once('error', () => {});
  child.unref();
}
