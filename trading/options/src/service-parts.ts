import type { Service } from '@throughline/service';
import { openDatabase } from './database/database.ts';
import { OptionQuotes } from './database/option-quotes.ts';
import { startKafka } from './transport/kafka.ts';
import type { ServiceParts } from './transport/transport.ts';

/**
 * Connects a service in a process of its own to Kafka. Before it, open what its messages are written
 * to: at the end the last opened is closed first.
 */
export async function connectKafka(
  service: Service,
  bootstrap: readonly string[],
): Promise<ServiceParts> {
  service.setReady('kafka', false);
  const { tracing, logger, metrics, faults } = service;
  const transport = await startKafka({ tracing, logger, faults, bootstrap });
  service.onStop(() => transport.close());
  service.setReady('kafka', true);
  return { tracing, logger, metrics, faults, transport };
}

/** @throws ThroughlineError `TL_CONFIG_INVALID` when there is no such database */
export async function openQuotes(service: Service, postgresUrl: string): Promise<OptionQuotes> {
  service.setReady('postgres', false);
  const database = await openDatabase(postgresUrl, (error) =>
    service.logger.warn({ err: error }, 'a database connection broke'),
  );
  service.onStop(() => database.close());
  service.setReady('postgres', true);
  return new OptionQuotes(database);
}
