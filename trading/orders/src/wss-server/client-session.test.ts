import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { ClientSession } from './client-session.ts';
import type { ErrorMessage } from './messages.ts';

const message: ErrorMessage = { type: 'error', code: 'TL_ORDER_INVALID', message: 'no' };

/** A socket whose client reads as fast as the test says. */
class FakeSocket extends EventEmitter {
  readyState: number = WebSocket.OPEN;
  bufferedAmount = 0;
  pings = 0;
  readonly sent: string[] = [];
  readonly closes: [code: number, reason: string][] = [];

  send(text: string): void {
    this.sent.push(text);
  }
  ping(): void {
    this.pings += 1;
  }
  close(code: number, reason: string): void {
    this.readyState = WebSocket.CLOSING;
    this.closes.push([code, reason]);
  }
  terminate(): void {
    this.readyState = WebSocket.CLOSED;
    this.emit('close');
  }
}

function session() {
  const socket = new FakeSocket();
  const cuts: string[] = [];
  const client = new ClientSession(socket as unknown as WebSocket, {
    bufferedBytesMax: 100,
    onCutSlow: () => cuts.push('slow'),
  });
  return { socket, cuts, client };
}

test('a client that reads too slowly is told so and disconnected, once', () => {
  vi.useFakeTimers();
  const { socket, cuts, client } = session();
  expect(client.send(message)).toBe(true);
  socket.bufferedAmount = 101;
  expect(client.send(message)).toBe(false);
  expect(client.send(message)).toBe(false);
  expect(socket.closes).toEqual([[1013, expect.stringContaining('resume')]]);
  expect(socket.sent).toHaveLength(1);
  expect(cuts).toEqual(['slow']);
  vi.runAllTimers();
  expect(socket.readyState).toBe(WebSocket.CLOSED);
  vi.useRealTimers();
});

test('a client that does not answer a ping is cut off before the next one', () => {
  const { socket, client } = session();
  client.beat();
  socket.emit('pong');
  client.beat();
  expect(socket.readyState).toBe(WebSocket.OPEN);
  client.beat();
  expect(socket.readyState).toBe(WebSocket.CLOSED);
  expect(socket.pings).toBe(2);
});
