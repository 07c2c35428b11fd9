import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

const read = (...args: string[]) => readConfig(args, {});

test('each service has as many replicas as it is given, or one', () => {
  const config = read('--kafka', 'localhost:9092', '--replicas', 'processor=8,storage=4');
  expect(config?.kafka).toMatchObject({
    bootstrap: 'localhost:9092',
    replicas: { ingestion: 1, processor: 8, storage: 4, historical: 1 },
    feedArgs: ['--seed=1', '--rate=20', '--quotes=0'],
  });
});

test('over channels there is nothing to connect to', () => {
  expect(read('--transport', 'channel')).toMatchObject({
    kafka: undefined,
    postgresUrl: undefined,
  });
  expect(read('--help')).toBeUndefined();
});

test.each([
  [['--transport', 'pigeon'], '--transport pigeon'],
  [[], '--kafka HOST:PORT is missing'],
  [['--kafka', 'localhost'], '--kafka localhost'],
  [['--kafka', 'a:1', '--replicas', 'storage=many'], '--replicas storage='],
  [['--kafka', 'a:1', '--replicas', 'store=2'], '--replicas store=2'],
  [['--transport', 'channel', '--postgres', 'http://secret@host'], '--postgres'],
  [['--transport', 'channel', '--rate', '0'], '--rate 0'],
  [['--transport', 'channel', '--pace', '5'], '--pace'],
])('%j is refused by the name of the flag', (args, message) => {
  expect(() => read(...args)).toThrow(message);
  expect(() => read(...args)).not.toThrow('secret');
});
