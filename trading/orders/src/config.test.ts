import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

const addresses = [
  '--exchange-ws-api',
  'ws://127.0.0.1:1/x',
  '--exchange-rest',
  'http://127.0.0.1:1',
];

test('flags become options; credentials come from the environment', () => {
  const environment = { EXCHANGE_API_KEY: 'key', EXCHANGE_API_SECRET: 'secret' };
  const args = [...addresses, '--batch-size', '3', '--otlp', 'http://127.0.0.1:4318'];
  expect(readConfig(args, environment)).toEqual({
    environment,
    orders: {
      venues: [
        {
          name: 'venue-1',
          wsApiUrl: 'ws://127.0.0.1:1/x',
          restUrl: 'http://127.0.0.1:1',
          weight: 1,
        },
      ],
      apiKey: 'key',
      apiSecret: 'secret',
      host: '127.0.0.1',
      port: 0,
      batchMembersMax: 3,
      batchLingerMs: 25,
      openMsMax: 1_500,
      sliceNotional: '20000',
      allocation: { method: 'pro_rata', lotsMin: 2n },
      risk: { notionalMax: '10000000', userOrdersMax: 1_000 },
      limits: { userRequestsPerSecondMax: 10_000 },
      orderIdPrefix: 'tl-',
      recovers: true,
      journalPath: undefined,
      tracing: { endpoint: 'http://127.0.0.1:4318' },
    },
  });
});

test.each([
  [[], /--exchange-ws-api is missing/],
  [[...addresses, '--port', '70000'], /--port 70000/],
  [[...addresses, '--batch-size', '0'], /--batch-size 0/],
  [[...addresses, '--batch-ms', '1e3'], /--batch-ms 1e3/],
  [[...addresses, '--slice-notional', '0.0'], /--slice-notional 0\.0/],
  [[...addresses, '--otlp', 'here'], /--otlp here/],
  [[...addresses, '--allocation', 'lifo'], /--allocation lifo: not one of pro_rata, fifo/],
  [[...addresses, '--allocation-min-lots', '0'], /--allocation-min-lots 0/],
  [[...addresses, '--order-id-prefix', ''], /--order-id-prefix/],
  [[...addresses, '--risk-max-notional', '-1'], /--risk-max-notional/],
  [[...addresses, '--risk-max-open-orders', '0'], /--risk-max-open-orders 0/],
  [[...addresses, '--user-rate', '0'], /--user-rate 0/],
  [[...addresses, '--journal', 'a', '--no-recover'], /--journal/],
  [[...addresses, '--nonsense'], /nonsense/],
  [[...addresses, '--fault', 'slow-consumer=1ms'], /has only clock-skew/],
])('%s is refused with a message that names the flag', (args, message) => {
  expect(() => readConfig(args, {})).toThrow(
    expect.objectContaining({
      code: 'TL_CONFIG_INVALID',
      message: expect.stringMatching(message),
    }),
  );
});
