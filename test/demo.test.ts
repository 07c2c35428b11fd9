// The whole of it, as a newcomer runs it: server, engine, exchange, orders system, clients, and the web
// application in a real browser. Run alone: npx vitest run --project system test/demo
import { lifecyclesResponseSchema } from '@throughline/model';
import type { Browser } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { eventually, runCli, startServe, temporaryFolder } from './support/serve.ts';
import { launchBrowser, openPage } from './support/ui/browser.ts';

const ORDERS = 60;
const DEMO_DEADLINE_MS = 150_000;

async function orders(ui: string, search: string) {
  const response = await fetch(`${ui}/api/lifecycles?${search}`);
  return lifecyclesResponseSchema.parse(await response.json());
}

test('the demo with --exit reads every order back whole and exact', async () => {
  const flags = ['--orders', `${ORDERS}`, '--exit', '--no-open', '--data-dir', temporaryFolder()];
  const { code, stdout, stderr } = await runCli(['demo', ...flags], DEMO_DEADLINE_MS);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toContain(`${ORDERS} orders read back`);
  expect(stdout).toContain('each whole and exact');
  expect(stdout).toMatch(
    /^signals: tick to trade .* whole and exact .*\/lifecycles\/tick_to_trade\//m,
  );
  expect(stdout).toMatch(/^options: option quote completed .* whole and exact/m);
  expect(stdout).toMatch(/^bot: bot order .* whole and exact/m);
  expect(stdout).toMatch(/Slowest order .*\n(.*\n)+.*http:\/\/127\.0\.0\.1:\d+\/orders\//);
});

test('an order of the running demo is found, opened and understood in the browser', async () => {
  const server = await startServe(temporaryFolder(), [
    'demo',
    '--orders',
    `${ORDERS}`,
    '--no-open',
  ]);
  await eventually('all orders have ended', async () => {
    const [all, open] = await Promise.all([
      orders(server.ui, 'limit=1'),
      orders(server.ui, 'limit=1&status=open'),
    ]);
    return all.total === ORDERS && open.total === 0;
  });
  const { rows } = await orders(server.ui, 'limit=500&status=filled');
  const row = rows.find(({ stages }) => stages.some(({ kind }) => kind === 'batch_linger'));
  if (!row) throw new Error('no order was filled after it lingered in a batch');

  const browser: Browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const { page, complaints } = await openPage(browser, server.ui);
  await page.goto('/');
  await page
    .getByRole('searchbox')
    .or(page.getByPlaceholder(/filter/i))
    .first()
    .fill(row.key);
  await page.getByRole('link', { name: row.key }).first().click();
  await expect.poll(() => page.url()).toContain('/orders/');

  await page.getByText('The parts sum to the total exactly').waitFor();
  const details = page.getByRole('complementary', { name: 'Span details' });
  await page.keyboard.press('j');
  await details.waitFor();
  await details.getByText('client.order_id').first().waitFor();
  const ofGraph = page.getByRole('region', { name: 'Causes and effects', exact: true });
  await ofGraph.scrollIntoViewIfNeeded();
  await ofGraph.getByText('order_batching').first().click();
  await details.getByText('batch.id').first().waitFor();
  await page.reload();
  await details.waitFor();

  await details.getByRole('link', { name: /trace/i }).first().click();
  await expect.poll(() => page.url()).toContain('/traces/');
  await page.getByText('exchange_order_send').first().waitFor();
  expect(complaints).toEqual([]);
});
