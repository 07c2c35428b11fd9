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
    | 'switch'
    | 'onoff';
  /** Of a `choice`: the words there are. */
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
  'clickhouse-url': {
    type: 'string',
    value: 'URL',
    help: 'a ClickHouse cluster instead of the embedded engine',
  },
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
  systems: {
    type: 'string',
    default: 'orders,signals,options,bot',
    value: 'LIST',
    help: 'reference systems to run',
  },
  replay: { type: 'string', value: 'FILE', help: 'recorded market data instead of generated flow' },
  nats: { type: 'string', value: 'URL', help: 'NATS server for the system signals' },
  kafka: { type: 'string', value: 'HOST:PORT', help: 'Kafka broker for the system options' },
  postgres: { type: 'string', value: 'URL', help: 'PostgreSQL for the system options' },
  exit: {
    type: 'switch',
    help: 'stop after N orders; exit 0 only if each lifecycle is whole and exact',
  },
  'no-open': { type: 'switch', help: 'do not open the browser' },
  ...SERVE_FLAGS,
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
