import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ATTR, LINK_TYPE, ORDER_SPAN } from '@throughline/model';
import { startFloor } from '../../packages/cli/src/demo/floor-process.ts';
import { Load } from '../../packages/cli/src/demo/load.ts';
import { encodeRequest, otlpSpan, otlpStrings } from '../../packages/store/src/testing/otlp.ts';
import { RequestTemplate, RUN_CHARS } from './request-template.ts';

/** Requests as services sent them, to be sent again with other ids. */
export interface Recording {
  readonly requests: readonly Buffer[];
  /** Words of `RUN_CHARS` characters in ids of orders and batches that are others in each round. */
  readonly runs: readonly string[];
  readonly orders: readonly { readonly userId: string; readonly orderId: string }[];
  /** How long its orders took to come. */
  readonly lengthNs: bigint;
}

const PLAIN_REQUESTS = 8;
const SPANS_PER_REQUEST = 512;
const SPANS_PER_TRACE = 8;
/** What comes in a round of plain requests, at the rate aimed at. */
const PLAIN_LENGTH_NS = 20_000_000n;

const ORDERS_PER_SECOND = 50;
const EXPORT_MS = 6_000;

/**
 * Spans of eight attributes, 512 in a request and eight in a trace, which an order begins and ends; one in
 * eight has a link.
 */
export function plainRecording(): Recording {
  const run = randomBytes(RUN_CHARS / 2).toString('hex');
  const requests = Array.from({ length: PLAIN_REQUESTS }, (_, index) =>
    Buffer.from(plainRequest(run, index)),
  );
  return { requests, runs: [run], orders: [], lengthNs: PLAIN_LENGTH_NS };
}

const STEPS = [
  [ORDER_SPAN.clientOrderReceived, 2],
  ['order_validation', 1],
  ['send orders.new', 4],
  ['process orders.new', 5],
  [ORDER_SPAN.orderManagerProcessing, 5],
  [ORDER_SPAN.exchangeOrderSend, 4],
  [ORDER_SPAN.fillMatching, 1],
  [ORDER_SPAN.clientOrderUpdate, 1],
] as const;

function plainRequest(run: string, index: number): Uint8Array {
  const beginNs = BigInt(Date.now()) * 1_000_000n;
  let traceId = randomBytes(16);
  let rootId = randomBytes(8);
  const spans = Array.from({ length: SPANS_PER_REQUEST }, (_, at) => {
    const step = at % SPANS_PER_TRACE;
    const [name, kind] = STEPS[step] ?? STEPS[0];
    if (step === 0) traceId = randomBytes(16);
    const spanId = randomBytes(8);
    const parent = step === 0 ? {} : { parent_span_id: rootId };
    if (step === 0) rootId = spanId;
    const startNs = beginNs + BigInt(at * 37_000);
    return otlpSpan({
      trace_id: traceId,
      span_id: spanId,
      ...parent,
      name,
      kind,
      start_time_unix_nano: `${startNs}`,
      end_time_unix_nano: `${startNs + BigInt(20_000 + ((at * 7_919) % 500_000))}`,
      attributes: otlpStrings({
        [ATTR.userId]: `user-${at % 97}`,
        [ATTR.clientOrderId]: `${run}-${index * SPANS_PER_REQUEST + at - step}`,
        [ATTR.tradingSymbol]: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'][at % 3] ?? '',
        [ATTR.orderSide]: at % 2 === 0 ? 'buy' : 'sell',
        [ATTR.orderStatus]: step === SPANS_PER_TRACE - 1 ? 'filled' : 'open',
        'order.quantity': `0.${1_000 + ((at * 31) % 9_000)}`,
        [ATTR.messagingSystem]: 'nats',
        [ATTR.messagingDestinationName]: 'orders.new',
      }),
      links:
        step === 6
          ? [
              {
                trace_id: randomBytes(16),
                span_id: randomBytes(8),
                attributes: otlpStrings({ [ATTR.linkType]: LINK_TYPE.filledBy }),
              },
            ]
          : [],
    });
  });
  return encodeRequest(spans);
}

/** What the reference system `orders` sends for so many client orders, which it trades meanwhile. */
export async function recordOrders(count: number): Promise<Recording> {
  const requests: Buffer[] = [];
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    requests.push(Buffer.concat(chunks));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  try {
    const otlpHttpUrl = `http://127.0.0.1:${port}`;
    const orders = await trade(otlpHttpUrl, count);
    return {
      requests,
      runs: runsOf(requests, orders),
      orders,
      lengthNs: BigInt(count / ORDERS_PER_SECOND) * 1_000_000_000n,
    };
  } finally {
    receiver.closeAllConnections();
    receiver.close();
  }
}

async function trade(otlpHttpUrl: string, count: number): Promise<Recording['orders']> {
  const system = await startFloor({ systems: 'orders', otlpHttpUrl });
  const { wsUrl, exchangeRestUrl } = system;
  const plan = { orders: count, rate: ORDERS_PER_SECOND, seed: 1 };
  const load = new Load({ wsUrl, exchangeRestUrl, ...plan });
  try {
    const orders = await load.finish(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, EXPORT_MS));
    return orders.map((order) => ({ userId: order.user_id, orderId: order.client_order_id }));
  } finally {
    await load.stop();
    await system.close();
  }
}

/** Orders are named by the run of their clients, batches and exchange orders by that of the system. */
function runsOf(requests: readonly Buffer[], orders: Recording['orders']): string[] {
  const text = Buffer.concat(requests).toString('latin1');
  const clients = orders[0]?.orderId.slice(0, RUN_CHARS);
  const system = /\bb-([0-9a-f]{8})-\d/.exec(text)?.[1];
  if (clients?.length !== RUN_CHARS || system === undefined) {
    throw new Error('the orders system names orders or batches in another way than it did');
  }
  return [clients, system];
}

export function templatesOf({
  requests,
  runs,
}: Pick<Recording, 'requests' | 'runs'>): RequestTemplate[] {
  return requests.map((request) => new RequestTemplate(request, runs));
}

/** For the process that sends it. */
export function saveRecording(path: string, { requests, runs, lengthNs }: Recording): void {
  const texts = requests.map((request) => request.toString('base64'));
  writeFileSync(path, JSON.stringify({ requests: texts, runs, lengthNs: `${lengthNs}` }));
}

export function loadRecording(path: string): Omit<Recording, 'orders'> {
  const { requests, runs, lengthNs } = JSON.parse(readFileSync(path, 'utf8'));
  const bytes = requests.map((text: string) => Buffer.from(text, 'base64'));
  return { requests: bytes, runs, lengthNs: BigInt(lengthNs) };
}
