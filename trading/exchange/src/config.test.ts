import { expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { DEMO_ACCOUNT } from './venue/account.ts';

test('without flags, the defaults', () => {
  expect(readConfig([])).toMatchObject({
    exchange: { port: 0, seed: 1, flow: { stepsPerSecond: 20 } },
  });
  expect(readConfig([])?.exchange).not.toHaveProperty('replay');
});

test('flags reach the part they are for', () => {
  const flags =
    '--port 9 --latency-ms 2 --jitter-ms 0.5 --replay f.gz --replay-speed 10 --flow-rate 0 ' +
    '--name north --taker-bps 7.5 --repeat-probability 0.1 --reorder-probability 0.2';
  expect(readConfig([...flags.split(' '), '--exit-with-parent'])).toMatchObject({
    exchange: {
      name: 'north',
      port: 9,
      commission: { makerBps: 0, takerBps: 7.5 },
      flow: { stepsPerSecond: 0 },
      faults: {
        requestLatencyMs: 2,
        jitterMs: 0.5,
        repeatProbability: 0.1,
        reorderProbability: 0.2,
      },
      replay: { path: 'f.gz', speed: 10 },
    },
  });
  const config = readConfig(['--api-key', 'k', '--secret', 's']);
  expect(config?.exchange.accounts).toEqual([{ ...DEMO_ACCOUNT, apiKey: 'k', secret: 's' }]);
});

test('an unusable flag is named', () => {
  const refused = expect.objectContaining({ code: 'TL_CONFIG_INVALID' });
  for (const flags of [
    ['--port', '70000'],
    ['--port', '1.5'],
    ['--seed', 'abc'],
    ['--latency-ms', '-1'],
    ['--latency-ms', ''],
    ['--unknown'],
    ['word'],
    ['--api-key', 'alone'],
  ]) {
    expect(() => readConfig(flags)).toThrow(refused);
  }
});
