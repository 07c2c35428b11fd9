import { z } from 'zod';
import { Subprocess } from './process.ts';

const exchangeReadySchema = z.object({
  ready: z.literal(true),
  rest: z.string(),
  wsApi: z.string(),
});
const ordersReadySchema = z.object({ ready: z.literal(true), wsUrl: z.string() });

/** A venue as real ones are: not at once, in several fills, and now and then refusing. */
const VENUE_ARGS = [
  ...['--latency-ms', '2', '--fill-latency-ms', '3', '--jitter-ms', '4'],
  ...['--trades-per-order', '2', '--reject-probability', '0.02'],
];

export interface OrdersSystemOptions {
  otlpHttpUrl: string;
  token: string | undefined;
  /** A file of recorded market data for the exchange. */
  replay: string | undefined;
}

/** The reference system `orders` and the exchange that it trades on, each a process. */
export interface OrdersSystem {
  /** Where clients send their orders. */
  readonly wsUrl: string;
  readonly exchangeRestUrl: string;
  /** Rejects when one of them ends by itself. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/** @throws ThroughlineError `TL_DEMO_FAILED` when one of them does not come up */
export async function startOrdersSystem(options: OrdersSystemOptions): Promise<OrdersSystem> {
  const replay = options.replay === undefined ? [] : ['--replay', options.replay];
  const exchange = new Subprocess({
    name: 'exchange',
    script: 'trading/exchange/src/main.ts',
    args: ['--port', '0', '--exit-with-parent', ...VENUE_ARGS, ...replay],
  });
  const running = [exchange];
  try {
    const { rest, wsApi } = await exchange.until(
      (line) => exchangeReadySchema.safeParse(line).data,
    );
    const orders = new Subprocess({
      name: 'orders',
      script: 'trading/orders/src/main.ts',
      args: ['--exchange-rest', rest, '--exchange-ws-api', wsApi],
      environment: exporterEnvironment(options),
    });
    running.push(orders);
    const { wsUrl } = await orders.until((line) => ordersReadySchema.safeParse(line).data);
    return {
      wsUrl,
      exchangeRestUrl: rest,
      failed: Promise.race(running.map((child) => child.failure())),
      close: () => stopAll(running),
    };
  } catch (cause) {
    await stopAll(running);
    throw cause;
  }
}

function exporterEnvironment({ otlpHttpUrl, token }: OrdersSystemOptions): Record<string, string> {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: otlpHttpUrl };
  if (token === undefined) return endpoint;
  return { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${token}` };
}

/** The last one started stops first, so that it can still reach what it depends on. */
async function stopAll(running: readonly Subprocess[]): Promise<void> {
  for (const child of running.toReversed()) await child.stop();
}
