export { scriptCommand } from './script-command.ts';
export { Subprocess, type SubprocessCommand, type SubprocessOptions } from './subprocess.ts';
