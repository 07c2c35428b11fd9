import { Consumer, stringDeserializers } from '@platformatic/kafka';
import pg from 'pg';
import { startKafka } from '../../scripts/provision/kafka.ts';
import { startPostgres } from '../../scripts/provision/postgres.ts';
import { type OptionsProcess, startOptions } from './options-processes.ts';
import { type CollectedSpan, type Collector, startCollector } from './orders-collector.ts';
import { Metrics } from './proof-metrics.ts';

/** A record of Kafka as a plain consumer sees it. */
export interface SeenRecord {
  readonly topic: string;
  readonly traceparent: string;
}

export interface Feed {
  readonly quotes: number;
  readonly quotesPerSecond: number;
}

/** One sends a quote after the other, each waiting for the broker's answer. */
const INGESTIONS = 4;
const TOPICS = ['options.quotes', 'options.priced'];

/** The system `options` as processes on a Kafka and a PostgreSQL of its own. */
export class OptionsPipeline {
  readonly kafka: Awaited<ReturnType<typeof startKafka>>;
  readonly collector: Collector;
  readonly services: OptionsProcess[] = [];
  readonly #postgres: Awaited<ReturnType<typeof startPostgres>>;
  readonly #database: pg.Pool;

  private constructor(
    kafka: OptionsPipeline['kafka'],
    postgres: Awaited<ReturnType<typeof startPostgres>>,
    collector: Collector,
  ) {
    this.kafka = kafka;
    this.collector = collector;
    this.#postgres = postgres;
    this.#database = new pg.Pool({ connectionString: postgres.url, max: 1 });
  }

  static async start({ quotes, quotesPerSecond }: Feed): Promise<OptionsPipeline> {
    const [kafka, postgres, collector] = await Promise.all([
      startKafka(),
      startPostgres(),
      startCollector(),
    ]);
    const pipeline = new OptionsPipeline(kafka, postgres, collector);
    await Promise.all([
      pipeline.#start('processor'),
      pipeline.#start('storage', '--postgres', postgres.url),
    ]);
    const shards = Array.from({ length: INGESTIONS }, (_, index) => `${index + 1}/${INGESTIONS}`);
    const feed = [`--quotes=${quotes / INGESTIONS}`, `--rate=${quotesPerSecond / INGESTIONS}`];
    await Promise.all(
      shards.map((shard) => pipeline.#start('ingestion', `--shard=${shard}`, ...feed)),
    );
    return pipeline;
  }

  async #start(service: string, ...args: string[]): Promise<void> {
    const all = ['--kafka', this.kafka.bootstrap, ...args];
    this.services.push(await startOptions(`${service}/main.ts`, all, this.collector.url));
  }

  /** That Kafka has taken. */
  async quotesSent(): Promise<number> {
    const ingestions = this.services.filter(({ ready }) => ready.service === 'ingestion');
    const metrics = await Promise.all(ingestions.map(Metrics.of));
    return metrics.reduce((sum, one) => sum + one.sum('ingestion_quotes_sent_total'), 0);
  }

  async rowsWritten(): Promise<number> {
    const { rows } = await this.#database.query<{ count: string }>(
      'SELECT count(*) FROM option_quotes',
    );
    return Number(rows[0]?.count);
  }

  async rows(): Promise<{ readonly contract: string; readonly trace_id: string }[]> {
    return (await this.#database.query('SELECT contract, trace_id FROM option_quotes')).rows;
  }

  /** Everything that both topics hold now. */
  async records(): Promise<SeenRecord[]> {
    const consumer = new Consumer({
      clientId: 'proof',
      groupId: 'proof',
      bootstrapBrokers: [this.kafka.bootstrap],
      deserializers: stringDeserializers,
    });
    const ends = await consumer.listOffsets({ topics: TOPICS });
    let left = [...ends.values()].flat().reduce((sum, offset) => sum + Number(offset), 0);
    const stream = await consumer.consume({ topics: TOPICS, mode: 'earliest' });
    const records: SeenRecord[] = [];
    for await (const { topic, headers } of stream) {
      records.push({ topic, traceparent: headers.get('traceparent') ?? '' });
      left -= 1;
      if (left === 0) break;
    }
    await consumer.close(true);
    return records;
  }

  /** @returns all spans, after the services have sent them and ended */
  async stopServices(): Promise<readonly CollectedSpan[]> {
    await Promise.all(this.services.map((service) => service.stop()));
    return this.collector.spans;
  }

  async close(): Promise<void> {
    await this.stopServices();
    await this.#database.end();
    await Promise.all([this.kafka.stop(), this.#postgres.stop(), this.collector.close()]);
  }
}
