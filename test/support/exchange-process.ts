import { type ReadyProcess, startProcess } from './process.ts';

/** Where a simulator that runs as its own process listens. */
export interface ExchangeUrls {
  readonly rest: string;
  readonly ws: string;
  readonly wsApi: string;
}

export type ExchangeProcess = ReadyProcess<ExchangeUrls> & ExchangeUrls;

/** Starts the exchange simulator on a free port. */
export async function startExchangeProcess(args: readonly string[]): Promise<ExchangeProcess> {
  const flags = ['--exit-with-parent', ...args];
  const exchange = await startProcess<ExchangeUrls>('trading/exchange/src/main.ts', flags);
  return { ...exchange, ...exchange.ready };
}
