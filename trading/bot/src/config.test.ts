import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

const REST = ['--exchange-rest', 'http://127.0.0.1:7000'];

function read(args: string[], environment = {}) {
  const config = readConfig(args, environment);
  if (!config) throw new Error('help was not asked for');
  return config;
}

test('the exchange is all that has to be said', () => {
  const { serviceName, bot } = read(REST);
  expect(serviceName).toBe('bot');
  expect(bot).toMatchObject({
    exchangeUrl: 'http://127.0.0.1:7000',
    credentials: { apiKey: 'throughline-demo-key', apiSecret: 'throughline-demo-secret' },
    orderNotional: { units: 1_000n, scale: 0 },
    postgresUrl: undefined,
    slippageBps: 10,
  });
});

test('credentials and name come from the environment', () => {
  const { serviceName, bot } = read(REST, {
    EXCHANGE_API_KEY: 'key',
    EXCHANGE_API_SECRET: 'secret',
    OTEL_SERVICE_NAME: 'bot-eu',
  });
  expect(serviceName).toBe('bot-eu');
  expect(bot.credentials).toEqual({ apiKey: 'key', apiSecret: 'secret' });
});

test('the flags of every service are taken, too', () => {
  expect(() => read([...REST, '--health-port', '9000', '--exit-with-parent'])).not.toThrow();
});

test.each([
  [[], '--exchange-rest is missing'],
  [['--exchange-rest', 'ws://127.0.0.1'], '--exchange-rest'],
  [[...REST, '--port', '70000'], '--port 70000'],
  [[...REST, '--order-notional', '0.00'], '--order-notional 0.00'],
  [[...REST, '--position-max', '1e5'], '--position-max 1e5'],
  [[...REST, '--slippage-bps=-10000'], '--slippage-bps -10000'],
  [[...REST, '--nonsense'], 'nonsense'],
])('%j is refused', (args, message) => {
  const refusal = expect.objectContaining({
    code: 'TL_CONFIG_INVALID',
    message: expect.stringContaining(message),
  });
  expect(() => read(args)).toThrow(refusal);
});

test('an address with a password is not repeated', () => {
  const args = [...REST, '--postgres', 'mysql://bot:hunter2@127.0.0.1/bot'];
  expect(() => read(args)).toThrow(/^(?!.*hunter2)/);
});

test('help needs nothing else', () => {
  expect(readConfig(['--help'], {})).toBeUndefined();
});
