/** One setting: `--name` on the command line, `THROUGHLINE_NAME` in the environment, `name:` in the file. */
export interface Flag {
  readonly type: 'string' | 'port' | 'integer' | 'decimal' | 'switch' | 'onoff';
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
  'zipkin-port': { type: 'port', default: '9411', value: 'PORT', help: 'Zipkin receiver' },
  'clickhouse-url': {
    type: 'string',
    value: 'URL',
    help: 'a ClickHouse cluster instead of the embedded engine',
  },
  token: { type: 'string', value: 'T', help: 'ask senders and readers for this token' },
  retention: { type: 'string', default: '7d', value: 'AGE', help: 'how long spans are kept' },
  'max-disk': {
    type: 'string',
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
