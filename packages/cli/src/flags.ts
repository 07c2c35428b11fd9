import { AGED_TABLES } from '@throughline/model';

/** One setting: `--name` on the command line, `THROUGHLINE_NAME` in the environment, `name:` in the file. */
export interface Flag {
  /** The value of a `secret` is never shown, and taken out of the environment. */
  readonly type:
    | 'string'
    | 'secret'
    | 'choice'
    | 'port'
    | 'integer'
    | 'decimal'
    | 'size'
    | 'age'
    | 'ages'
    | 'switch'
    | 'onoff';
  /** Of a `choice`: the words there are. Of `ages`: what can have one. */
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly value?: string;
  readonly help: string;
}

export const SERVE_FLAGS = {
  'data-dir': {
    type: 'string',
    default: '.throughline',
    value: 'DIR',
    help: 'journal and tables; created when missing',
  },
  durability: {
    type: 'choice',
    choices: ['fsync', 'os'],
    default: 'fsync',
    value: 'fsync|os',
    help: 'acknowledge spans when they are on disk, or with the operating system',
  },
  'journal-max': {
    type: 'size',
    default: '1GB',
    value: 'SIZE',
    help: 'spans that may wait for the engine',
  },
  host: { type: 'string', default: '127.0.0.1', value: 'HOST', help: 'address to listen on' },
  'ui-port': {
    type: 'port',
    default: '16686',
    value: 'PORT',
    help: 'web application and HTTP API',
  },
  'otlp-http-port': { type: 'port', default: '4318', value: 'PORT', help: 'OTLP/HTTP receiver' },
  'otlp-grpc-port': { type: 'port', default: '4317', value: 'PORT', help: 'OTLP/gRPC receiver' },
  'jaeger-ports': { type: 'onoff', default: 'on', value: 'on|off', help: 'Jaeger receivers' },
  // Without defaults: a port that nobody asked for may be taken, and the server starts without it.
  'jaeger-compact-port': {
    type: 'port',
    value: 'PORT',
    help: 'Jaeger over UDP, Thrift compact (6831 unless taken)',
  },
  'jaeger-binary-port': {
    type: 'port',
    value: 'PORT',
    help: 'Jaeger over UDP, Thrift binary (6832 unless taken)',
  },
  'jaeger-http-port': {
    type: 'port',
    value: 'PORT',
    help: 'Jaeger over HTTP (14268 unless taken)',
  },
  'zipkin-port': { type: 'port', value: 'PORT', help: 'Zipkin receiver (9411 unless taken)' },
  // Secret, for there may be a password in it.
  'clickhouse-url': {
    type: 'secret',
    value: 'URL',
    help: 'a ClickHouse server or cluster instead of the embedded engine',
  },
  'clickhouse-database': {
    type: 'string',
    default: 'throughline',
    value: 'NAME',
    help: 'where the tables are there; created when missing',
  },
  'clickhouse-user': { type: 'string', value: 'NAME', help: 'ClickHouse user' },
  'clickhouse-password': { type: 'secret', value: 'P', help: 'ClickHouse password' },
  'clickhouse-cluster': {
    type: 'string',
    value: 'NAME',
    help: 'replicate and distribute the tables over this cluster',
  },
  'clickhouse-ca': {
    type: 'string',
    value: 'FILE',
    help: 'whose certificates ClickHouse may have (PEM)',
  },
  'clickhouse-cert': {
    type: 'string',
    value: 'FILE',
    help: 'show ClickHouse this certificate (PEM)',
  },
  'clickhouse-key': { type: 'string', value: 'FILE', help: 'the key of that certificate (PEM)' },
  token: { type: 'secret', value: 'T', help: 'ask senders and readers for this token' },
  'ingest-token': { type: 'secret', value: 'T', help: 'ask senders for this one instead' },
  'read-token': { type: 'secret', value: 'T', help: 'ask readers for this one instead' },
  'public-host': {
    type: 'string',
    value: 'NAME[,NAME]',
    help: 'names under which the server is reached, such as that of a proxy',
  },
  'tls-cert': { type: 'string', value: 'FILE', help: 'speak TLS with this certificate (PEM)' },
  'tls-key': { type: 'string', value: 'FILE', help: 'the key of the certificate (PEM)' },
  'tls-client-ca': {
    type: 'string',
    value: 'FILE',
    help: 'ask senders for a certificate that this one signed (PEM)',
  },
  retention: { type: 'age', default: '7d', value: 'AGE', help: 'how long spans are kept' },
  'retention-of': {
    type: 'ages',
    choices: AGED_TABLES,
    value: 'TABLE=AGE[,...]',
    help: 'tables that keep their rows for another time',
  },
  'max-disk': {
    type: 'size',
    default: '10GB',
    value: 'SIZE',
    help: 'how much disk spans may use',
  },
  json: { type: 'switch', help: 'print the banner as JSON' },
} as const satisfies Record<string, Flag>;

export const DEMO_FLAGS = {
  orders: { type: 'integer', value: 'N', help: 'client orders to send (default: until stopped)' },
  rate: { type: 'decimal', default: '20', value: 'R', help: 'client orders a second' },
  systems: { type: 'string', value: 'LIST', help: 'reference systems to run (default: all)' },
  replay: { type: 'string', value: 'FILE', help: 'recorded market data instead of generated flow' },
  nats: { type: 'string', value: 'URL', help: 'NATS server (default: one of its own)' },
  kafka: { type: 'string', value: 'HOST:PORT', help: 'Kafka broker for the system options' },
  postgres: { type: 'string', value: 'URL', help: 'PostgreSQL for options and bot' },
  exit: {
    type: 'switch',
    help: 'stop after N orders; exit 0 only if each lifecycle is whole and exact',
  },
  'no-open': { type: 'switch', help: 'do not open the browser' },
  ...SERVE_FLAGS,
} as const satisfies Record<string, Flag>;

/** How a command that works with a running server finds it, as in the settings of `serve`. */
const { 'data-dir': dataDir, host, 'ui-port': uiPort, token } = SERVE_FLAGS;
const { 'read-token': readToken, 'tls-cert': tlsCert } = SERVE_FLAGS;

export const BACKUP_FLAGS = {
  to: { type: 'string', value: 'PATH', help: 'a file that is not there yet, or a folder' },
  url: {
    type: 'string',
    value: 'URL',
    help: 'a running server, if not the one of these settings',
  },
  'data-dir': dataDir,
  host,
  'ui-port': uiPort,
  token: { ...token, help: 'the token of the server' },
  'read-token': { ...readToken, help: 'its token for readers, if that is another' },
  'tls-cert': { ...tlsCert, help: 'the server speaks TLS' },
} as const satisfies Record<string, Flag>;

export const RESTORE_FLAGS = {
  from: { type: 'string', value: 'FILE', help: 'a backup' },
  'data-dir': { ...dataDir, help: 'where to: missing or empty' },
} as const satisfies Record<string, Flag>;

export const STATUS_FLAGS = {
  url: {
    type: 'string',
    default: 'http://127.0.0.1:16686',
    value: 'URL',
    help: 'where the web application is',
  },
  token: { type: 'secret', value: 'T', help: 'the token of the server' },
  'read-token': { type: 'secret', value: 'T', help: 'its token for readers, if that is another' },
  json: { type: 'switch', help: 'print the status as the API gives it' },
} as const satisfies Record<string, Flag>;

export const COVERAGE_FLAGS = {
  ...STATUS_FLAGS,
  start: {
    type: 'string',
    value: 'TIME',
    help: 'of the range (default: 15 minutes before its end)',
  },
  end: { type: 'string', value: 'TIME', help: 'of the range, a day after its start at most (now)' },
  json: { type: 'switch', help: 'print the coverage as the API gives it' },
} as const satisfies Record<string, Flag>;

/** The text of `--help`. */
export function helpText(usage: string, flags: Readonly<Record<string, Flag>>): string {
  const rows = Object.entries(flags).map(([name, flag]) => {
    const form = `--${name}${flag.value === undefined ? '' : ` ${flag.value}`}`;
    const preset = flag.default === undefined ? '' : ` (${flag.default})`;
    return `  ${form.padEnd(26)} ${flag.help}${preset}`;
  });
  return `${usage}\n\n${rows.join('\n')}\n`;
}
