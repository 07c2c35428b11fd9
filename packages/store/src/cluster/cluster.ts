import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { ThroughlineError } from '@throughline/model';
import {
  type Database,
  type DatabaseStatus,
  type Layout,
  type QueryParameters,
  type QuerySettings,
  READ_SETTINGS,
  type Records,
  SEGMENT_MARK,
} from '../database.ts';
import { clickhouseCode, toThroughlineError } from '../engine/engine-errors.ts';
import { query } from '../sql.ts';
import { type ClusterOptions, type Connection, connectionOf } from './connection.ts';
import { Reachability } from './reachability.ts';

const VERSION = query('version');
const KNOWN_SETTINGS = query('known-settings');
const CLUSTER_NAMES = query('cluster-names');
const KNOWN_DATABASE = query('known-database');
const CREATE_DATABASE = query('create-database');

/** Settings that a server too old for us does not have. */
const NEEDED_SETTINGS = [
  'format_schema_source',
  'input_format_protobuf_oneof_presence',
  'string_serialization_version',
  'auto_statistics_types',
];

const START_PATIENCE_MS = 30_000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 2_000;
/** A read is tried again for so long, when it may have met a node that is being restarted. */
const READ_PATIENCE_MS = 2_000;
/** What a read may take beside its time of execution. */
const READ_MARGIN_S = 5;
const READ_BACKOFF_MS = 100;

/** Shorter than a request may take, so that the server gives up first and says why. */
const QUORUM_TIMEOUT_MS = 60_000;

/** What is inserted is stored when the answer comes. */
const WRITE_SETTINGS: QuerySettings = { async_insert: 0, wait_end_of_query: 1 };
/**
 * The journal forgets what was loaded, so that has to outlive the disk of one node. An insert waits for
 * most of the shard's replicas; other servers' inserts go on meanwhile.
 */
const REPLICATED_WRITE_SETTINGS: QuerySettings = {
  ...WRITE_SETTINGS,
  insert_quorum: 'auto',
  insert_quorum_parallel: 1,
  insert_quorum_timeout: QUORUM_TIMEOUT_MS,
};

/** Who we are is not accepted: trying again does not help. */
const REFUSED_CODES = new Set([
  192, // UNKNOWN_USER
  193, // WRONG_PASSWORD
  194, // REQUIRED_PASSWORD
  497, // ACCESS_DENIED
  516, // AUTHENTICATION_FAILED
]);

/** Who they are is not certain (node:tls, X.509 errors): trying again does not help. */
const CERTIFICATE_CODES = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The node that was asked lacks others, or its keeper. */
const BROKEN_CLUSTER_CODES = new Set([
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  225, // NO_ZOOKEEPER
  279, // ALL_CONNECTION_TRIES_FAILED
  999, // KEEPER_EXCEPTION
]);

export interface ClusterEvents {
  /** Told once when it stops to answer, and once when it answers again. */
  onWarning: (message: string) => void;
}

/** A ClickHouse server or cluster of somebody else's, reached over HTTP. */
export class Cluster implements Database {
  readonly layout: Layout;
  readonly #connection: Connection;
  readonly #patienceMs: number;
  readonly #client: ClickHouseClient;
  readonly #reachability: Reachability;
  readonly #writeSettings: QuerySettings;
  #version = '';

  /** @throws ThroughlineError `TL_CONFIG_INVALID` */
  constructor(options: ClusterOptions, { onWarning }: ClusterEvents) {
    this.#connection = connectionOf(options);
    this.layout = this.#connection.layout;
    this.#patienceMs = options.patienceMs ?? START_PATIENCE_MS;
    const { client, url } = this.#connection;
    this.#client = createClient({ ...client, database: this.layout.database });
    this.#writeSettings =
      this.layout.cluster === undefined ? WRITE_SETTINGS : REPLICATED_WRITE_SETTINGS;
    this.#reachability = new Reachability({
      ask: (signal) => this.#client.query({ query: VERSION, abort_signal: signal }),
      what: `ClickHouse at ${url}`,
      onWarning,
    });
  }

  /**
   * Waits a while for the first answer, checks that we can work with whom we found, and creates the
   * database where it is missing.
   *
   * @throws ThroughlineError `TL_CLUSTER_UNAVAILABLE`, `TL_CONFIG_INVALID`
   */
  async start(): Promise<void> {
    const client = createClient(this.#connection.client);
    try {
      this.#version = await this.#firstAnswer(client);
      await this.#check(client);
      await this.#createDatabase(client);
    } catch (error) {
      throw error instanceof ThroughlineError ? error : this.#unusable(error);
    } finally {
      await client.close();
    }
    this.#reachability.start();
  }

  async rows<Row>(
    text: string,
    parameters: QueryParameters,
    settings: QuerySettings = {},
  ): Promise<Row[]> {
    const deadlineMs = Date.now() + READ_PATIENCE_MS;
    const readSettings = { ...READ_SETTINGS, ...settings };
    for (;;) {
      try {
        return await this.#read<Row>(text, parameters, readSettings);
      } catch (error) {
        const failure = this.#failure(error);
        const isPassing = failure.code === 'TL_ENGINE_UNAVAILABLE';
        if (!isPassing || Date.now() > deadlineMs) throw failure;
        await delay(READ_BACKOFF_MS);
      }
    }
  }

  async command(text: string, parameters: QueryParameters, settings: QuerySettings): Promise<void> {
    await this.#write(() =>
      this.#client.command({
        query: text,
        query_params: parameters,
        clickhouse_settings: { ...this.#writeSettings, ...settings },
      }),
    );
  }

  /** The segment's bytes are the body of the request. */
  async load(
    statement: string,
    { segment, structure }: Records,
    parameters: QueryParameters,
    settings: QuerySettings,
  ): Promise<void> {
    const source = `input('${structure.replaceAll("'", "\\'")}')`;
    await this.#write(async () => {
      const { stream } = await this.#client.exec({
        query: `${statement.replace(SEGMENT_MARK, source).trimEnd()}\nFORMAT Protobuf`,
        query_params: parameters,
        clickhouse_settings: {
          ...this.#writeSettings,
          throw_if_no_data_to_insert: 0,
          ...settings,
        },
        values: segment ? createReadStream(segment.path) : Readable.from([]),
      });
      // An insert answers nothing; only then is its connection free.
      for await (const _ of stream);
    });
  }

  status(): DatabaseStatus {
    const { state, outages } = this.#reachability;
    return { state, restarts: outages, version: this.#version, pid: undefined };
  }

  async stop(): Promise<void> {
    this.#reachability.stop();
    await this.#client.close();
  }

  async #read<Row>(
    text: string,
    parameters: QueryParameters,
    settings: QuerySettings,
  ): Promise<Row[]> {
    const deadlineS = Number(settings.max_execution_time) + READ_MARGIN_S;
    const result = await this.#client.query({
      query: text,
      query_params: parameters,
      clickhouse_settings: settings,
      format: 'JSONEachRow',
      abort_signal: AbortSignal.timeout(deadlineS * 1000),
    });
    const rows = await result.json<Row>();
    this.#reachability.answered();
    return rows;
  }

  async #write(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.#reachability.answered();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): ThroughlineError {
    const code = clickhouseCode(error);
    if (code === undefined) this.#reachability.failed(error);
    else this.#reachability.answered();
    if (code !== undefined && !BROKEN_CLUSTER_CODES.has(code)) return toThroughlineError(error);
    const what = code === undefined ? 'ClickHouse does not answer' : `a node is missing (${code})`;
    return new ThroughlineError('TL_ENGINE_UNAVAILABLE', what, {
      hint: 'Try again when the cluster is back. What was received is safe.',
      cause: error,
    });
  }

  async #firstAnswer(client: ClickHouseClient): Promise<string> {
    const deadlineMs = Date.now() + this.#patienceMs;
    for (let waitMs = BACKOFF_FIRST_MS; ; waitMs = Math.min(waitMs * 2, BACKOFF_MAX_MS)) {
      const leftMs = deadlineMs - Date.now();
      try {
        const abort_signal = AbortSignal.timeout(Math.max(1_000, leftMs));
        const result = await client.query({ query: VERSION, format: 'JSONEachRow', abort_signal });
        const [row] = await result.json<{ version: string }>();
        if (row) return row.version;
        throw this.#unusable('it answers, but not as ClickHouse does');
      } catch (error) {
        const code = clickhouseCode(error);
        const isFinal = code === undefined ? isUntrusted(error) : REFUSED_CODES.has(code);
        if (isFinal || leftMs < waitMs) throw error;
      }
      await delay(waitMs);
    }
  }

  async #check(client: ClickHouseClient): Promise<void> {
    const known = await names(client, KNOWN_SETTINGS, { names: NEEDED_SETTINGS });
    const [missing] = NEEDED_SETTINGS.filter((name) => !known.includes(name));
    if (missing !== undefined) {
      throw this.#unusable(`its version ${this.#version} is too old, it has no ${missing}`);
    }
    const { cluster } = this.layout;
    if (cluster === undefined) return;
    const clusters = await names(client, CLUSTER_NAMES, {});
    if (clusters.includes(cluster)) return;
    throw new ThroughlineError(
      'TL_CONFIG_INVALID',
      `ClickHouse at ${this.#connection.url} knows no cluster ${cluster}`,
      { hint: `--clickhouse-cluster is one of: ${clusters.join(', ') || 'none is configured'}` },
    );
  }

  /** Looks first: whoever may use a database need not have the right to create one. */
  async #createDatabase(client: ClickHouseClient): Promise<void> {
    const { database, cluster } = this.layout;
    if ((await names(client, KNOWN_DATABASE, { database })).length > 0) return;
    const where = `\`${database}\`${cluster === undefined ? '' : ` ON CLUSTER \`${cluster}\``}`;
    await client.command({ query: CREATE_DATABASE.replace('{{database}}', where) });
  }

  #unusable(cause: unknown): ThroughlineError {
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    return new ThroughlineError(
      'TL_CLUSTER_UNAVAILABLE',
      `ClickHouse at ${this.#connection.url} cannot be used: ${reason}`,
      {
        hint: isUntrusted(cause)
          ? 'Check --clickhouse-url and --clickhouse-ca: who answers there has to show a certificate for this host, by that authority.'
          : 'Check --clickhouse-url, user and password; see docs/guides/cluster.md.',
        cause,
      },
    );
  }
}

/** Whether its certificate is not one to talk to, which waiting would not change. */
function isUntrusted(error: unknown): boolean {
  return (
    error instanceof Error && CERTIFICATE_CODES.has((error as NodeJS.ErrnoException).code ?? '')
  );
}

async function names(
  client: ClickHouseClient,
  text: string,
  parameters: QueryParameters,
): Promise<string[]> {
  const result = await client.query({
    query: text,
    query_params: parameters,
    format: 'JSONEachRow',
  });
  const rows = await result.json<{ name: string }>();
  return rows.map(({ name }) => name);
}
