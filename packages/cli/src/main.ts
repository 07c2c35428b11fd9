#!/usr/bin/env node
import { ThroughlineError } from '@throughline/model';
import { backup } from './commands/backup.ts';
import { coverage } from './commands/coverage.ts';
import { demo } from './commands/demo.ts';
import { restore } from './commands/restore.ts';
import { serve } from './commands/serve.ts';
import { status } from './commands/status.ts';
import { red } from './terminal/style.ts';

const COMMANDS: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>> = {
  serve,
  demo,
  status,
  coverage,
  backup,
  restore,
};

const HELP = `throughline COMMAND [--help]

  serve     receive, store and show traces
  demo      serve, with a trading system that sends client orders through it
  status    say how a running server is
  coverage  say where messages lose their trace context
  backup    write everything that is stored into one file
  restore   make a data directory out of such a file
`;

async function main([command, ...argv]: readonly string[]): Promise<number> {
  const run = command === undefined ? undefined : COMMANDS[command];
  if (run) return run(argv);
  const asked = command === undefined || command === 'help' || command === '--help';
  (asked ? process.stdout : process.stderr).write(
    asked ? HELP : `throughline: no command ${command}\n\n${HELP}`,
  );
  return asked ? 0 : 1;
}

/** One clear line for what a person can mend; the stack only for a defect of ours. */
function explain(cause: unknown): string {
  if (!(cause instanceof ThroughlineError))
    return cause instanceof Error ? `${cause.stack}` : `${cause}`;
  return `${cause.message}. ${cause.hint ?? ''}`.trim().concat(` [${cause.code}]`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (cause) {
  process.stderr.write(`${red('throughline:')} ${explain(cause)}\n`);
  process.exitCode = 1;
}
