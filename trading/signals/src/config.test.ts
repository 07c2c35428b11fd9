import { expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { readConfig as readStrategies } from './realtime-strategies/config.ts';
import { readConfig as readSocketClient } from './socket-client/config.ts';
import { readConfig as readTradeengine } from './tradeengine/config.ts';

const EXCHANGE = ['--exchange-rest', 'http://127.0.0.1:9000'];
const MARKET = ['--exchange-ws', 'ws://127.0.0.1:9000/'];

test('the five in one process talk over channels unless told otherwise', () => {
  expect(readConfig([...EXCHANGE, ...MARKET], {})).toMatchObject({
    nats: undefined,
    signals: {
      source: { type: 'stream', stream: { url: 'ws://127.0.0.1:9000', mustConnect: false } },
      dataManager: { candleMs: 1_000 },
      tradeengine: { exchange: { apiKey: 'throughline-demo-key' } },
    },
  });
  const nats = ['--transport', 'nats', '--nats', 'nats://127.0.0.1:4333', '--carrier', 'both'];
  expect(readConfig([...EXCHANGE, ...MARKET, ...nats], {})).toMatchObject({
    nats: { url: 'nats://127.0.0.1:4333', carrier: 'both' },
  });
});

test('amounts become exact units, keys come from the environment', () => {
  const environment = { EXCHANGE_API_KEY: 'k', EXCHANGE_API_SECRET: 's' };
  const args = [...EXCHANGE, '--order-notional', '12.5', '--health-port', '0'];
  expect(readTradeengine(args, environment)).toMatchObject({
    tradeengine: {
      exchange: { apiKey: 'k', apiSecret: 's' },
      sizing: { notionalUnits: 1_250_000_000n, slippageBps: 20n },
    },
  });
});

test('--live is Binance, or the exchange that is named, and has to be reached', () => {
  expect(readSocketClient(['--live'], {})).toMatchObject({
    source: { stream: { url: 'wss://stream.binance.com:9443', mustConnect: true } },
  });
  expect(readSocketClient(['--live', ...MARKET], {})).toMatchObject({
    source: { stream: { url: 'ws://127.0.0.1:9000', mustConnect: true } },
  });
});

test('strategies are new for each symbol', () => {
  const config = readStrategies(['--strategies', 'rsi,macd'], {});
  const create = config?.strategies.createStrategies;
  const [first, second] = [create?.(), create?.()];
  expect(first?.map(({ name }) => name)).toEqual(['rsi', 'macd']);
  expect(first?.[0]).not.toBe(second?.[0]);
});

test.each([
  [() => readSocketClient([], {}), '--exchange-ws, --live and --replay'],
  [() => readSocketClient([...MARKET, '--replay', 'x'], {}), 'one of'],
  [() => readSocketClient(['--replay', 'x', '--replay-speed', '0'], {}), '--replay-speed'],
  [() => readSocketClient([...MARKET, '--symbols', 'btcusdt'], {}), '--symbols'],
  [() => readSocketClient([...MARKET, '--carrier', 'pigeon'], {}), '--carrier'],
  [() => readSocketClient([...MARKET, '--natz', 'x'], {}), '--natz'],
  [() => readTradeengine([], {}), '--exchange-rest is missing'],
  [() => readTradeengine([...EXCHANGE, '--order-notional', '-1'], {}), '--order-notional'],
  [() => readTradeengine([...EXCHANGE, '--confidence-min', '101'], {}), '--confidence-min'],
  [() => readStrategies(['--strategies', 'rsi,luck'], {}), 'luck'],
  [() => readConfig([...EXCHANGE, ...MARKET, '--transport', 'mail'], {}), '--transport'],
])('a flag that cannot be used is named (%#)', (read, message) => {
  expect(read).toThrow(message);
  expect(read).toThrow(expect.objectContaining({ code: 'TL_CONFIG_INVALID' }));
});
