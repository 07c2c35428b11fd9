// The orders system with a third of its orders sampled: each is in the store whole, or not at all.
// Run alone: npx vitest run --project system test/demo-sampling
import { lifecyclesResponseSchema } from '@throughline/model';
import { afterEach, expect, test, vi } from 'vitest';
import { eventually, readStatus, startServe, temporaryFolder } from './support/serve.ts';

const ORDERS = 150;
/** No span for so long: what is still to come belongs to nothing that was begun. */
const QUIET_MS = 4_000;

afterEach(() => {
  vi.unstubAllEnvs();
});

test('a sampled order is whole, its quantities add up, and the others leave nothing', async () => {
  vi.stubEnv('OTEL_SAMPLING_RATE', '0.3');
  const flags = ['--systems', 'orders', '--orders', `${ORDERS}`, '--rate', '60', '--no-open'];
  const { ui } = await startServe(temporaryFolder(), ['demo', ...flags]);
  let spans = 0;
  let changedMs = performance.now();
  await eventually('all orders have ended', async () => {
    const { ingest } = await readStatus(ui);
    if (ingest.spansAccepted !== spans) changedMs = performance.now();
    spans = ingest.spansAccepted;
    return spans > 0 && performance.now() - changedMs > QUIET_MS;
  });
  const response = await fetch(`${ui}/api/lifecycles?limit=500`);
  const { rows, total } = lifecyclesResponseSchema.parse(await response.json());
  // The ids, and so the choice, are new in every run: five standard deviations around 45.
  expect(total).toBeGreaterThan(ORDERS * 0.3 - 28);
  expect(total).toBeLessThan(ORDERS * 0.3 + 28);
  expect(rows).toHaveLength(total);
  for (const row of rows) expect(row).toMatchObject({ complete: true, flags: [] });
});
