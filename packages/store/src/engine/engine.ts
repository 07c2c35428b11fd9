import { setTimeout as delay } from 'node:timers/promises';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import {
  COMMAND_TIMEOUT_S,
  type Database,
  type Layout,
  type QueryParameters,
  type QuerySettings,
  READ_SETTINGS,
  type Records,
  SEGMENT_MARK,
} from '../database.ts';
import { toThroughlineError, unavailable } from './engine-errors.ts';
import { type EngineEndpoint, type EngineStatus, Supervisor } from './supervisor.ts';

/** A read may wait this long for a restarting engine before it fails. */
const READY_WAIT_MS = 2_000;
const READY_POLL_MS = 20;

const FROM_FILE = "file({segment:String}, 'Protobuf', {structure:String})";
const FROM_NOTHING = 'null({structure:String})';

export interface EngineOptions {
  /** The directory of the engine's tables. */
  path: string;
  memoryBytesMax: number;
  onWarning: (message: string) => void;
}

/** ClickHouse, in a supervised child, reached through its own client. */
export class Engine implements Database {
  readonly layout: Layout = { database: 'default', cluster: undefined };
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

  /** The engine reads the segment's file itself. */
  async load(
    statement: string,
    { segment, structure }: Records,
    parameters: QueryParameters,
    settings: QuerySettings,
  ): Promise<void> {
    const source = segment ? FROM_FILE : FROM_NOTHING;
    const from = segment ? { segment: segment.path, structure } : { structure };
    await this.command(
      statement.replace(SEGMENT_MARK, source),
      { ...parameters, ...from },
      settings,
    );
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
