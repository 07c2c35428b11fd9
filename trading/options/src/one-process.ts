import { startTracing, type Tracing } from '@throughline/sdk';
import type { Service } from '@throughline/service';
import type { OptionQuotes } from './database/option-quotes.ts';
import { startHistorical } from './historical/historical.ts';
import { type IngestionOptions, startIngestion } from './ingestion/ingestion.ts';
import { startProcessor } from './processor/processor.ts';
import { startStorage } from './storage/storage.ts';
import { Channels, ChannelTransport } from './transport/channel.ts';
import type { ServiceParts } from './transport/transport.ts';

const FLUSH_TIMEOUT_MS = 2_000;

export interface OneProcessOptions {
  readonly feed: Omit<IngestionOptions, 'shard'>;
  /** Of the HTTP interface; 0: a free one. */
  readonly port: number;
}

/**
 * All services in one process, connected by channels. Each has a tracing of its own, so that traces
 * look as they do over Kafka; only what `fastify` and `pg` tell belongs to the process as a whole.
 *
 * @returns the address of the HTTP interface
 * @throws ThroughlineError `TL_PORT_IN_USE`
 */
export async function startInOneProcess(
  service: Service,
  quotes: OptionQuotes,
  { feed, port }: OneProcessOptions,
): Promise<string> {
  const channels = new Channels();
  const tracings: Tracing[] = [];
  service.onStop(async () => {
    await Promise.all(tracings.map((tracing) => tracing.shutdown(FLUSH_TIMEOUT_MS)));
  });
  const partsOf = (serviceName: string): ServiceParts => {
    const { metrics, faults } = service;
    const logger = service.logger.child({ service: serviceName });
    const log = (message: string): void => logger.warn(message);
    const tracing = startTracing({ serviceName, global: false, log });
    tracings.push(tracing);
    metrics.addTracing(serviceName, () => tracing.stats());
    const transport = new ChannelTransport({ tracing, logger, faults }, channels);
    service.onStop(() => transport.close());
    return { tracing, logger, metrics, faults, transport };
  };
  await startStorage(partsOf('storage'), quotes);
  await startProcessor(partsOf('processor'));
  const recordings = [feed.chain];
  const historical = await startHistorical(partsOf('historical'), quotes, { port, recordings });
  service.onStop(() => historical.close());
  const shard = { index: 0, count: 1 };
  const ingestion = startIngestion(partsOf('ingestion'), { ...feed, shard });
  service.onStop(() => ingestion.stop());
  return historical.url;
}
