import { fileURLToPath } from 'node:url';
import type { SubprocessCommand } from './subprocess.ts';

/**
 * The command that runs one of our own scripts, under the Node that runs us.
 *
 * @param script its path from the root of the workspace
 * @param nodeArgs for Node itself, such as `--import`
 */
export function scriptCommand(
  script: string,
  args: readonly string[],
  nodeArgs: readonly string[] = [],
): SubprocessCommand {
  const path = fileURLToPath(new URL(`../../../${script}`, import.meta.url));
  return { program: process.execPath, args: [...nodeArgs, path, ...args] };
}
