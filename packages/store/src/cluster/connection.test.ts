import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type ClusterOptions, connectionOf } from './connection.ts';

const dir = mkdtempSync(join(tmpdir(), 'connection-'));
afterAll(() => rmSync(dir, { recursive: true }));

function connection(options: Partial<ClusterOptions>) {
  return connectionOf({ url: 'http://ch:8123', database: 'traces', ...options });
}

test('user and password come from the URL, unless they are given, and are not shown with it', () => {
  const url = 'https://me:p%40ss@ch:8443';
  expect(connection({ url })).toMatchObject({
    url: 'https://ch:8443',
    client: { url: 'https://ch:8443', username: 'me', password: 'p@ss' },
  });
  expect(connection({ url, user: 'you', password: 'other' }).client).toMatchObject({
    username: 'you',
    password: 'other',
  });
  expect(connection({}).client).not.toHaveProperty('password');
});

test.each([
  'ch:8123',
  'tcp://me:hidden@ch:9000',
  'http://me:hidden@ch:8123/db',
  'http://ch/?hidden=1',
])('%s is refused without being repeated', (url) => {
  const refused = () => connection({ url });
  expect(refused).toThrow('--clickhouse-url');
  expect(refused).not.toThrow('hidden');
});

test.each([
  '',
  'a b',
  'a`b',
  "a'b",
  '9a',
  'a.b',
  'x'.repeat(65),
])('the name %j is refused', (name) => {
  expect(() => connection({ database: name })).toThrow('--clickhouse-database');
  expect(() => connection({ cluster: name })).toThrow('--clickhouse-cluster');
});

test('TLS files are read, and refused where they would do nothing', () => {
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => {
    const path = join(dir, `${name}.pem`);
    writeFileSync(path, name);
    return path;
  });
  const url = 'https://ch:8443';
  const bytes = (text: string) => Buffer.from(text);
  expect(connection({ url, ca }).client).toMatchObject({ tls: { ca_cert: bytes('ca') } });
  expect(connection({ url, ca, cert, key }).client).toMatchObject({
    tls: { ca_cert: bytes('ca'), cert: bytes('cert'), key: bytes('key') },
  });
  expect(connection({ url }).client).not.toHaveProperty('tls');
  for (const files of [
    { cert, key },
    { ca, cert },
    { ca, key },
  ]) {
    expect(() => connection({ url, ...files })).toThrow('TLS');
  }
  expect(() => connection({ ca })).toThrow('TLS');
  expect(() => connection({ url, ca: join(dir, 'none.pem') })).toThrow('none.pem');
});
