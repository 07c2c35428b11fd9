import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { startTracing } from '@throughline/sdk';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { ClientOrder } from '../domain/client-order.ts';
import { newOrderState } from '../domain/order-state.ts';
import type { OrderManagerInput } from '../events.ts';
import { BTCUSDT } from '../testing/instruments.ts';
import { DEFAULT_LIMITS, WssServer } from './wss-server.ts';

const ORDER = {
  ...{ type: 'order.new', user_id: 'u1', client_order_id: 'o1', symbol: 'BTCUSDT' },
  ...{ side: 'buy', order_type: 'market', quantity: '1' },
};
/** Far more than the network itself keeps for a client that does not read. */
const UPDATES_MAX = 400_000;

test('a client that does not read is disconnected, and misses nothing when it resumes', async () => {
  const sent: OrderManagerInput[] = [];
  const server = new WssServer(startTracing({ enabled: false, serviceName: 'wss-server' }), {
    host: '127.0.0.1',
    port: 0,
    instruments: new Map([['BTCUSDT', BTCUSDT]]),
    limits: { ...DEFAULT_LIMITS, userMessagesMax: UPDATES_MAX, messagesMax: UPDATES_MAX },
    send: (event) => sent.push(event),
  });
  onTestFinished(() => server.close());
  const wsUrl = await server.listen();
  const slow = await connect(wsUrl);
  slow.socket.send(JSON.stringify(ORDER));
  await slow.until(1);
  const [event] = sent;
  if (event?.type !== 'order_received') throw new TypeError('no order was taken');

  slow.socket.pause();
  let updates = 0;
  while (server.stats().clientsCutSlow === 0 && updates < UPDATES_MAX) {
    server.update(partlyFilled(event.order));
    updates += 1;
    if (updates % 100 === 0) await setImmediate();
  }
  expect(server.stats()).toMatchObject({ clientsCutSlow: 1, updatesUndelivered: 1 });
  const closed = once(slow.socket, 'close');
  slow.socket.resume();
  const [code, reason] = await closed;
  expect([code, String(reason)]).toEqual([1013, 'too slow: connect again and resume']);

  const again = await connect(wsUrl);
  const from_sequence = (slow.sequences.at(-1) ?? 0) + 1;
  again.socket.send(JSON.stringify({ type: 'resume', user_id: 'u1', from_sequence }));
  await again.until(updates + 2 - from_sequence);
  const all = [...slow.sequences, ...again.sequences];
  expect(all).toHaveLength(updates + 1);
  expect(all.every((sequence, index) => sequence === index + 1)).toBe(true);
  again.socket.terminate();
});

function partlyFilled(order: ClientOrder) {
  const state = { ...newOrderState(order.lots), status: 'partially_filled', cumLots: 1n } as const;
  const allotment = { order, lots: 0n, state };
  return { type: 'order_updated', allotment, fill: undefined, reason: undefined } as const;
}

async function connect(wsUrl: string) {
  const socket = new WebSocket(wsUrl);
  const sequences: number[] = [];
  socket.on('message', (data) => {
    const { sequence } = JSON.parse(data.toString());
    if (sequence !== undefined) sequences.push(sequence);
  });
  await once(socket, 'open');
  /** Waits until so many numbered messages have come. */
  const until = async (count: number) => {
    while (sequences.length < count) await once(socket, 'message');
  };
  return { socket, sequences, until };
}
