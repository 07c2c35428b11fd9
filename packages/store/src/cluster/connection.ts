import { readFileSync } from 'node:fs';
import type { ClickHouseClientConfigOptions } from '@clickhouse/client';
import { ThroughlineError } from '@throughline/model';
import { COMMAND_TIMEOUT_S, type Layout } from '../database.ts';

const CONNECTIONS_MAX = 32;

/** Where a ClickHouse server or cluster is, and who we are to it. */
export interface ClusterOptions {
  /** `http://host:8123` or `https://host:8443`; user and password may be in it. */
  url: string;
  database: string;
  /** These win over those of the URL. */
  user?: string | undefined;
  password?: string | undefined;
  /** As the servers' configuration names it; without it, the tables are plain ones of one server. */
  cluster?: string | undefined;
  /** PEM files: whose certificates are trusted, instead of those that Node trusts; our own and its key. */
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  /** How long a start waits for the first answer. */
  patienceMs?: number;
}

/** The options, checked. */
export interface Connection {
  /** Without credentials, to be shown. */
  readonly url: string;
  readonly layout: Layout;
  readonly client: ClickHouseClientConfigOptions;
}

/** @throws ThroughlineError `TL_CONFIG_INVALID` */
export function connectionOf(options: ClusterOptions): Connection {
  const url = parseUrl(options.url);
  const username = options.user ?? decodeURIComponent(url.username);
  const password = options.password ?? decodeURIComponent(url.password);
  const shown = `${url.protocol}//${url.host}`;
  const { database, cluster } = options;
  checkName('--clickhouse-database', database);
  if (cluster !== undefined) checkName('--clickhouse-cluster', cluster);
  const tls = tlsOf(options, url);
  return {
    url: shown,
    layout: { database, cluster },
    client: {
      url: shown,
      ...(username === '' ? {} : { username }),
      ...(password === '' ? {} : { password }),
      ...(tls === undefined ? {} : { tls }),
      application: 'throughline',
      request_timeout: COMMAND_TIMEOUT_S * 1000,
      max_open_connections: CONNECTIONS_MAX,
      log: { level: 127 },
    },
  };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url && isHttp && url.pathname === '/' && url.search === '') return url;
  // The text may hold a password, so it is not repeated.
  throw new ThroughlineError('TL_CONFIG_INVALID', '--clickhouse-url is not usable', {
    hint: 'It is the HTTP interface, without a path: http://host:8123 or https://host:8443.',
  });
}

/** Names go into statements, where nothing can be bound. */
function checkName(flag: string, name: string): void {
  if (/^[A-Za-z_][\w-]{0,63}$/.test(name)) return;
  throw new ThroughlineError(
    'TL_CONFIG_INVALID',
    `${flag} is letters, digits, _ and -, at most 64 of them, not ${name.slice(0, 80)}`,
  );
}

function tlsOf({ ca, cert, key }: ClusterOptions, url: URL): ClickHouseClientConfigOptions['tls'] {
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  const isPair = (cert === undefined) === (key === undefined);
  if (ca === undefined || !isPair || url.protocol !== 'https:') {
    throw new ThroughlineError('TL_CONFIG_INVALID', 'the TLS files for ClickHouse are not usable', {
      hint: 'They go with an https URL: --clickhouse-ca, and with it both --clickhouse-cert and --clickhouse-key or neither.',
    });
  }
  const ca_cert = readPem(ca);
  if (cert === undefined || key === undefined) return { ca_cert };
  return { ca_cert, cert: readPem(cert), key: readPem(key) };
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ThroughlineError('TL_CONFIG_INVALID', `cannot read ${path}: ${reason}`, { cause });
  }
}
