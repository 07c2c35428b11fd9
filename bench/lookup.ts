// How long one order, and one page of orders, take to read back. Linux. Run: node bench/lookup.ts [orders]
import { lifecyclesResponseSchema } from '@throughline/model';
import { percentile, startServer } from './support/server.ts';

const ORDERS = Number(process.argv[2] ?? 300);
const PAGES = 30;

async function timeMs(url: string): Promise<number> {
  const startMs = performance.now();
  const response = await fetch(url);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return performance.now() - startMs;
}

function report(what: string, samples: readonly number[]): void {
  const [p50, p95, max] = [0.5, 0.95, 1].map((p) => `${percentile(samples, p).toFixed(1)} ms`);
  process.stdout.write(`${what.padEnd(28)} p50 ${p50}, p95 ${p95}, max ${max}\n`);
}

const load = ['--systems', 'orders', '--orders', `${ORDERS}`, '--rate', '50'];
const server = await startServer(['demo', ...load, '--no-open']);
try {
  const page = async (search: string) => {
    const response = await fetch(`${server.ui}/api/lifecycles?${search}`);
    return lifecyclesResponseSchema.parse(await response.json());
  };
  for (;;) {
    const [all, open] = await Promise.all([page('limit=1'), page('limit=1&status=open')]);
    if (all.total >= ORDERS && open.total === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const { rows } = await page(`limit=${Math.min(ORDERS, 500)}`);
  const orders: number[] = [];
  for (const { key } of rows) {
    const path = key.split('/').map(encodeURIComponent).join('/');
    orders.push(await timeMs(`${server.ui}/api/lifecycles/order/${path}`));
  }
  report(`one order of ${ORDERS}`, orders);
  const pages: number[] = [];
  for (let index = 0; index < PAGES; index += 1) {
    pages.push(await timeMs(`${server.ui}/api/lifecycles?limit=50`));
  }
  report('a page of 50 with stages', pages);
} finally {
  await server.close();
}
