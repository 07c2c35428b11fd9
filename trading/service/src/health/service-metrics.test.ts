import { startTracing } from '@throughline/sdk';
import { expect, test } from 'vitest';
import { ServiceMetrics } from './service-metrics.ts';

function silentTracing(serviceName: string) {
  return startTracing({ serviceName, exporter: 'none', global: false });
}

test('what is counted elsewhere is read at each request, and what is gone is not told', async () => {
  const metrics = new ServiceMetrics();
  const stats = { filled: 1, venues: { one: 3, other: 4 } as Record<string, number> };
  metrics.counterOf('orders_total', 'Orders.', ['status'], () => [
    { labels: { status: 'filled' }, value: stats.filled },
  ]);
  metrics.gaugeOf('orders_open', 'Open.', ['venue'], () =>
    Object.entries(stats.venues).map(([venue, value]) => ({ labels: { venue }, value })),
  );
  const first = await metrics.text();
  expect(first).toContain('orders_total{status="filled"} 1\n');
  expect(first).toContain('orders_open{venue="other"} 4\n');
  stats.filled = 2;
  stats.venues = { one: 0 };
  const second = await metrics.text();
  expect(second).toContain('orders_total{status="filled"} 2\n');
  expect(second).toContain('orders_open{venue="one"} 0\n');
  expect(second).not.toContain('other');
});

test('of several tracings each is labelled with its service, one alone is not', async () => {
  const metrics = new ServiceMetrics();
  const gateway = silentTracing('gateway');
  metrics.addTracing('gateway', () => gateway.stats());
  expect(await metrics.text()).toContain('throughline_sdk_spans_started_total 0\n');
  // A thread that has not told anything yet.
  metrics.addTracing('desk', () => undefined);
  const text = await metrics.text();
  expect(text).toContain('throughline_sdk_spans_started_total{service="gateway"} 0\n');
  expect(text).not.toContain('service="desk"');
});
