import { ThroughlineError } from '@throughline/model';
import { expect, test } from 'vitest';
import { clusterOf, readSettings, tokensOf } from './config.ts';
import { DEMO_FLAGS, helpText, SERVE_FLAGS } from './flags.ts';

function serve(argv: string[], environment = {}, file?: string) {
  return readSettings(SERVE_FLAGS, { argv, environment, file });
}

test('without anything given the documented defaults hold', () => {
  expect(serve([])).toMatchObject({
    'data-dir': '.throughline',
    host: '127.0.0.1',
    'ui-port': 16686,
    'otlp-http-port': 4318,
    'jaeger-ports': true,
    token: undefined,
    durability: 'fsync',
    'journal-max': 1_000_000_000,
    retention: 7 * 86_400_000,
    'max-disk': 10_000_000_000,
    json: false,
  });
});

test.each([
  ['512MB', 512_000_000],
  ['1.5 GB', 1_500_000_000],
  ['64KiB', 65_536],
  ['2TiB', 2 * 1024 ** 4],
])('a size of %s is %d bytes', (text, bytes) => {
  expect(serve(['--journal-max', text])['journal-max']).toBe(bytes);
});

test.each([
  ['30m', 1_800_000],
  ['12h', 43_200_000],
  ['1.5d', 129_600_000],
  ['90s', 90_000],
])('an age of %s is %d ms', (text, ms) => {
  expect(serve(['--retention', text]).retention).toBe(ms);
});

test('tables can have ages of their own', () => {
  const argv = ['--retention-of', 'lifecycle_spans=30d, spans=12h'];
  expect(serve(argv)['retention-of']).toEqual({
    lifecycle_spans: 2_592_000_000,
    spans: 43_200_000,
  });
  expect(serve([])['retention-of']).toBeUndefined();
});

test('a flag wins over a variable, a variable over the file, the file over the default', () => {
  const file = 'ui-port: 1\nhost: ::1\notlp-http-port: 9';
  const environment = { THROUGHLINE_UI_PORT: '2', THROUGHLINE_OTLP_HTTP_PORT: '8' };
  const settings = serve(['--ui-port', '3'], environment, file);
  expect(settings['ui-port']).toBe(3);
  expect(settings['otlp-http-port']).toBe(8);
  expect(settings.host).toBe('::1');
});

test('an empty variable counts as unset', () => {
  expect(serve([], { THROUGHLINE_HOST: '' }).host).toBe('127.0.0.1');
});

test.each([
  [['--ui-port', '70000'], '--ui-port is a port'],
  [['--ui-port', '1.5'], '--ui-port is a port'],
  [['--ui-port', '-1'], '--ui-port'],
  [['--jaeger-ports', 'maybe'], '--jaeger-ports is on or off'],
  [['--journal-max', '512'], '--journal-max is a size'],
  [['--journal-max', '0GB'], '--journal-max is a size'],
  [['--journal-max', '1constructor'], '--journal-max is a size'],
  [['--journal-max', '999999TiB'], '--journal-max is a size'],
  [['--retention', '7'], '--retention is an age'],
  [['--retention', '-1d'], '--retention'],
  [['--retention-of', 'users=1d'], '--retention-of is of spans,'],
  [['--retention-of', 'spans'], '--retention-of is an age'],
  [['--retention-of', 'spans=1d,'], '--retention-of is of spans,'],
  [['--durability', 'always'], '--durability is fsync or os, not always'],
  [['--no-such-flag'], '--no-such-flag'],
  [['word'], 'word'],
])('%j is refused by name', (argv, message) => {
  expect(() => serve(argv)).toThrow(ThroughlineError);
  expect(() => serve(argv)).toThrow(message);
});

test('a broken file is refused by name', () => {
  expect(() => serve([], {}, '- a\n- b')).toThrow('not a mapping');
  expect(() => serve([], {}, 'host: [1]')).toThrow('host is not a plain value');
  expect(() => serve([], {}, 'host: "')).toThrow('not YAML');
  expect(() => serve([], {}, 'ui_port: 1')).toThrow('ui_port is not a setting');
  expect(serve([], {}, 'orders: 5\nhost: ::1').host).toBe('::1');
});

test('the demo takes the flags of serve too, and its counts are positive', () => {
  const argv = ['--orders', '500', '--exit', '--no-open', '--ui-port', '0', '--rate', '2.5'];
  const settings = readSettings(DEMO_FLAGS, { argv, environment: {} });
  expect(settings).toMatchObject({
    orders: 500,
    exit: true,
    'no-open': true,
    'ui-port': 0,
    rate: 2.5,
  });
  expect(() => readSettings(DEMO_FLAGS, { argv: ['--orders', '0'], environment: {} })).toThrow();
});

test('help names every flag', () => {
  const text = helpText('usage', DEMO_FLAGS);
  for (const name of Object.keys(DEMO_FLAGS)) expect(text).toContain(`--${name}`);
});

test('each side has its own token, or the one for both', () => {
  const tokens = (...argv: string[]) => tokensOf(serve(argv));
  expect(tokens()).toEqual({ ingest: undefined, read: undefined });
  expect(tokens('--token', 'a')).toEqual({ ingest: 'a', read: 'a' });
  expect(tokens('--token', 'a', '--read-token', 'b')).toEqual({ ingest: 'a', read: 'b' });
  expect(tokens('--ingest-token', 'c')).toEqual({ ingest: 'c', read: undefined });
});

test('a ClickHouse is what its flags say, and there is none without an address', () => {
  const url = 'http://ch:8123';
  expect(clusterOf(serve([]))).toBeUndefined();
  expect(clusterOf(serve(['--clickhouse-url', url, '--clickhouse-cluster', 'main']))).toMatchObject(
    { url, database: 'throughline', cluster: 'main', password: undefined },
  );
  const environment = { THROUGHLINE_CLICKHOUSE_PASSWORD: 'p', THROUGHLINE_CLICKHOUSE_URL: url };
  expect(clusterOf(serve([], environment))).toMatchObject({ url, password: 'p' });
  expect(() => clusterOf(serve(['--clickhouse-ca', 'ca.pem']))).toThrow('--clickhouse-url');
});

test('a token is taken out of the environment, so that no child inherits it', () => {
  process.env.THROUGHLINE_READ_TOKEN = 'secret';
  const settings = readSettings(SERVE_FLAGS, { argv: [] });
  expect(settings['read-token']).toBe('secret');
  expect(process.env.THROUGHLINE_READ_TOKEN).toBeUndefined();
});

test('a broken file is not quoted: it may hold a token', () => {
  const file = 'host: ::1\ntoken: "secret-of-the-server\nui-port: [';
  expect(() => serve([], {}, file)).toThrow('not YAML');
  expect(() => serve([], {}, file)).not.toThrow('secret-of');
});
