// The floor as a process. Says in a table, or with --json in one line, what runs where, then watches
// over it until SIGTERM.
import { exitWithError } from '@throughline/service';
import { readConfig, USAGE } from './config.ts';
import { Floor } from './floor.ts';
import { tableText } from './floor-table.ts';

/** By what names services say in their ready line where clients reach them. */
const DOORS = ['wsUrl', 'url'];

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2));
  if (config.isHelp) {
    console.log(USAGE);
    return;
  }
  const stopped = untilStopped(config.exitsWithParent);
  const floor = new Floor(config.floor);
  try {
    const started = floor.start().then(() => print(floor, config.isJson));
    await Promise.race([stopped, floor.failed, started.then(() => stopped)]);
  } finally {
    await floor.close();
  }
  process.exit();
}

/** The first request to stop; further ones do not hurry it, since each step has a deadline. */
function untilStopped(exitsWithParent: boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => resolve();
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    if (exitsWithParent) process.stdin.once('end', stop).once('error', stop).resume();
  });
}

function print({ rows, notes, exchangeRest, ready }: Floor, isJson: boolean): void {
  if (isJson) {
    console.log(JSON.stringify({ ready: true, rows, notes, exchangeRest, services: ready }));
    return;
  }
  const doors = Object.entries(ready).flatMap(([service, fields]) =>
    DOORS.flatMap((name) => (fields[name] ? [`${service} is at ${fields[name]}`] : [])),
  );
  const lines = [...doors, ...notes.map((note) => `note: ${note}`)];
  console.log([tableText(rows), '', ...lines].join('\n'));
}

main().catch(exitWithError);
