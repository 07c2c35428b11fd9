// The orders system with a third of its orders sampled: each is in the store whole, or not at all.
// Run alone: npx vitest run --project system test/orders-sampling
import { lifecyclesResponseSchema } from '@throughline/model';
import { runLoad } from '@throughline/orders';
import { expect, onTestFinished, test, vi } from 'vitest';
import { keyRandomness, samplingThreshold } from '../packages/sdk/src/sampling/randomness.ts';
import { startExchangeProcess } from './support/exchange-process.ts';
import { startOrdersProcess } from './support/orders-process.ts';
import { startServe, temporaryFolder } from './support/serve.ts';

const ORDERS = 150;
const RATE = 0.3;

test('a sampled order is whole, its quantities add up, and the others leave nothing', async () => {
  const { ui, otlpHttp } = await startServe(temporaryFolder());
  const exchange = await startExchangeProcess([]);
  onTestFinished(() => void exchange.stop());
  vi.stubEnv('OTEL_SAMPLING_RATE', String(RATE));
  onTestFinished(() => void vi.unstubAllEnvs());
  const system = await startOrdersProcess(exchange, ['--otlp', otlpHttp]);
  onTestFinished(() => void system.stop());
  const { wsUrl } = system;
  const { orders, byStatus } = await runLoad({
    ...{ wsUrl, exchangeRestUrl: exchange.rest, orders: ORDERS, ratePerSecond: 60 },
    ...{ users: 8, seed: 1 },
  });
  expect(byStatus.open ?? 0).toBe(0);
  // It ends when it has sent all of its spans.
  expect(await system.stop()).toBe(0);

  const sampled = orders.filter(({ user_id, client_order_id }) => {
    return keyRandomness([user_id, client_order_id]) >= samplingThreshold(RATE);
  });
  const keys = sampled.map(({ user_id, client_order_id }) => `${user_id}/${client_order_id}`);
  expect(keys.length).toBeGreaterThan(0);
  const stored = async () => {
    const response = await fetch(`${ui}/api/lifecycles?limit=500`);
    return lifecyclesResponseSchema.parse(await response.json()).rows;
  };
  const isWhole = ({ complete, flags }: Awaited<ReturnType<typeof stored>>[number]) =>
    complete && flags.length === 0;
  await expect
    .poll(async () =>
      (await stored())
        .filter(isWhole)
        .map(({ key }) => key)
        .toSorted(),
    )
    .toEqual(keys.toSorted());
  expect((await stored()).map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
});
