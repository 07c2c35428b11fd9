// The exchange simulator as a process. Says where it listens in one line of JSON, then serves until
// SIGTERM.
import { ThroughlineError } from '@throughline/model';
import { readConfig, USAGE } from './config.ts';
import { type Exchange, startExchange } from './exchange.ts';

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2));
  if (config.isHelp) {
    console.log(USAGE);
    return;
  }
  const exchange = await startExchange(config.exchange);
  const { port, restUrl: rest, wsUrl: ws, wsApiUrl: wsApi } = exchange;
  stopOn(exchange, config.exitsWithParent);
  console.log(JSON.stringify({ ready: true, port, rest, ws, wsApi }));
}

function stopOn(exchange: Exchange, exitsWithParent: boolean): void {
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    exchange
      .close()
      .catch(fail)
      .finally(() => process.exit());
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (!exitsWithParent) return;
  if (process.connected) process.once('disconnect', stop);
  else process.stdin.once('end', stop).once('error', stop).resume();
}

function fail(error: unknown): void {
  const text =
    error instanceof ThroughlineError
      ? `${error.code}: ${error.message}${error.hint ? ` (${error.hint})` : ''}`
      : error;
  console.error(text);
  process.exitCode = 1;
}

main().catch(fail);
