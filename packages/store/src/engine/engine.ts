import { setTimeout as delay } from 'node:timers/promises';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { statements } from '../sql.ts';
import { toThroughlineError, unavailable } from './engine-errors.ts';
import { type EngineEndpoint, type EngineStatus, Supervisor } from './supervisor.ts';

export type QueryParameters = Record<string, string | number | bigint | readonly string[]>;
export type QuerySettings = Record<string, string | number>;

/** A read may wait this long for a restarting engine before it fails. */
const READY_WAIT_MS = 2_000;
const READY_POLL_MS = 20;

const READ_TIMEOUT_S = 15;
const READ_MEMORY_BYTES_MAX = 512 * 1024 * 1024;
/** A load has no deadline of its own worth speaking of: cutting it off would only repeat it. */
const COMMAND_TIMEOUT_S = 300;

/**
 * Reads cannot write, and in `readonly` mode the engine refuses `file()`, `url()` and their like.
 */
const READ_SETTINGS: QuerySettings = {
  readonly: 1,
  max_execution_time: READ_TIMEOUT_S,
  max_memory_usage: READ_MEMORY_BYTES_MAX,
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_denormals: 1,
  // An answer that fails half-way is an error from its beginning.
  wait_end_of_query: 1,
};

/** In the order in which they need each other. */
const TABLES = [
  'functions',
  'received_spans',
  'origins',
  'spans',
  'trace_links',
  'correlation',
  'lifecycle_spans',
];

export interface EngineOptions {
  /** The directory of the engine's tables. */
  path: string;
  memoryBytesMax: number;
  onWarning: (message: string) => void;
}

/** ClickHouse, in a supervised child, reached through its own client. */
export class Engine {
  readonly #supervisor: Supervisor;
  #client: ClickHouseClient | undefined;

  constructor(options: EngineOptions) {
    this.#supervisor = new Supervisor({
      ...options,
      onStart: (endpoint) => this.#connect(endpoint),
    });
  }

  /** @throws ThroughlineError `TL_ENGINE_FAILED` */
  async start(): Promise<void> {
    await this.#supervisor.start();
  }

  /**
   * The answer of a SELECT, whose values are bound from `parameters`. 64-bit integers are strings.
   * `settings` win over those of a read.
   */
  async rows<Row>(
    query: string,
    parameters: QueryParameters,
    settings: QuerySettings = {},
  ): Promise<Row[]> {
    const client = await this.#readyClient();
    try {
      const result = await client.query({
        query,
        query_params: parameters,
        clickhouse_settings: { ...READ_SETTINGS, ...settings },
        format: 'JSONEachRow',
      });
      return await result.json<Row>();
    } catch (error) {
      throw toThroughlineError(error);
    }
  }

  /** Runs a statement that writes. */
  async command(
    query: string,
    parameters: QueryParameters,
    settings: QuerySettings,
  ): Promise<void> {
    const client = await this.#readyClient();
    try {
      await client.command({
        query,
        query_params: parameters,
        clickhouse_settings: settings,
      });
    } catch (error) {
      throw toThroughlineError(error);
    }
  }

  status(): EngineStatus {
    return this.#supervisor.status();
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
    await this.#client?.close();
  }

  async #connect({ url, password }: EngineEndpoint): Promise<void> {
    await this.#client?.close();
    this.#client = createClient({
      url,
      password,
      request_timeout: COMMAND_TIMEOUT_S * 1000,
      max_open_connections: 32,
      log: { level: 127 },
    });
    for (const table of TABLES) {
      for (const query of statements(table)) await this.#client.command({ query });
    }
  }

  async #readyClient(): Promise<ClickHouseClient> {
    for (let waitedMs = 0; waitedMs < READY_WAIT_MS; waitedMs += READY_POLL_MS) {
      if (this.#supervisor.endpoint && this.#client) return this.#client;
      if (this.#supervisor.status().state === 'stopped') break;
      await delay(READY_POLL_MS);
    }
    throw unavailable();
  }
}
