// How fast spans are acknowledged (fsync) and stored, and what one costs. Linux. Run:
// node bench/ingest.ts [spans]
import { randomBytes } from 'node:crypto';
import { encodeRequest, otlpSpan, otlpStrings } from '../packages/store/src/testing/otlp.ts';
import { cpuSeconds, startServer } from './support/server.ts';

const SPANS = Number(process.argv[2] ?? 300_000);
const SPANS_PER_REQUEST = 512;
const CONNECTIONS = 4;
const POLL_MS = 20;

function request(index: number): Uint8Array {
  const beginNs = BigInt(Date.now()) * 1_000_000n + BigInt(index);
  const trace_id = randomBytes(16);
  const spans = Array.from({ length: SPANS_PER_REQUEST }, (_, span) =>
    otlpSpan({
      trace_id: span % 16 === 0 ? randomBytes(16) : trace_id,
      name: ['client_order_received', 'order_batching', 'fill_matching'][span % 3] ?? '',
      start_time_unix_nano: `${beginNs}`,
      end_time_unix_nano: `${beginNs + 250_000n}`,
      attributes: otlpStrings({
        'user.id': `user-${span % 20}`,
        'client.order_id': `order-${index}-${span}`,
        'trading.symbol': 'BTCUSDT',
        'order.side': 'buy',
        'order.quantity': '0.025',
        'messaging.system': 'worker',
      }),
      links: span % 8 === 0 ? [{ trace_id, span_id: randomBytes(8) }] : [],
    }),
  );
  return encodeRequest(spans);
}

const server = await startServer(['serve']);
try {
  const requests = Array.from({ length: Math.ceil(SPANS / SPANS_PER_REQUEST) }, (_, index) =>
    request(index),
  );
  const { engine } = await server.status();
  const pids = { server: server.pid, engine: engine.pid ?? 0 };
  const cpuBefore = { server: cpuSeconds(pids.server), engine: cpuSeconds(pids.engine) };
  const startMs = performance.now();
  const pending = requests.values();
  const send = async (): Promise<void> => {
    for (const body of pending) {
      const headers = { 'content-type': 'application/x-protobuf' };
      const options = { method: 'POST', headers, body: new Uint8Array(body) };
      const response = await fetch(`${server.otlpHttp}/v1/traces`, options);
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, send));
  const ackedMs = performance.now() - startMs;
  while ((await server.status()).journal.bytes > 0) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const storedMs = performance.now() - startMs;
  const status = await server.status();
  const spans = requests.length * SPANS_PER_REQUEST;
  const perSecond = (ms: number) => Math.round((spans / ms) * 1000).toLocaleString('en');
  const usPerSpan = (name: 'server' | 'engine') =>
    (((cpuSeconds(pids[name]) - cpuBefore[name]) / spans) * 1e6).toFixed(2);
  const mib = (bytes: number) => Math.round(bytes / 2 ** 20);
  process.stdout.write(
    [
      `spans              ${spans.toLocaleString('en')} in requests of ${SPANS_PER_REQUEST}`,
      `acknowledged       ${perSecond(ackedMs)} spans/s (on disk)`,
      `stored, queryable  ${perSecond(storedMs)} spans/s`,
      `CPU a span         server ${usPerSpan('server')} us, engine ${usPerSpan('engine')} us`,
      `memory             server ${mib(status.memory.serverBytes)} MiB, engine ${mib(status.memory.engineBytes)} MiB`,
      '',
    ].join('\n'),
  );
} finally {
  await server.close();
}
