// The reference system `orders` as a process. Says where it listens in one line of JSON, then
// serves until SIGTERM.
import { fstatSync } from 'node:fs';
import { ThroughlineError } from '@throughline/model';
import { readConfig, USAGE } from './config.ts';
import { type Orders, startOrders } from './orders.ts';

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2));
  if (config.isHelp) {
    console.log(USAGE);
    return;
  }
  const orders = await startOrders(config.orders);
  orders.failure.then(fail);
  stopOn(orders);
  console.log(JSON.stringify({ ready: true, wsUrl: orders.wsUrl }));
}

function stopOn(orders: Orders): void {
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    orders.close().then(() => process.exit(), fail);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (process.connected) process.once('disconnect', stop);
  else if (isPipe(process.stdin.fd)) process.stdin.once('end', stop).once('error', stop).resume();
}

/** A pipe into stdin ends with the process that holds its other end. */
function isPipe(fd: number): boolean {
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket();
}

/** One line says what is wrong; a thread that failed says it with its stack. */
function fail(error: unknown): void {
  const isExpected = error instanceof ThroughlineError && error.code !== 'TL_INTERNAL';
  const hint = isExpected && error.hint ? ` (${error.hint})` : '';
  console.error(isExpected ? `${error.code}: ${error.message}${hint}` : error);
  process.exit(1);
}

main().catch(fail);
