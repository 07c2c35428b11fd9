import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { BytesInFlight, readBody } from './body.ts';

const BYTES_MAX = 1_000_000;

function messageOf(chunks: readonly Buffer[], headers: Record<string, string> = {}) {
  return Object.assign(Readable.from(chunks, { objectMode: false }), { headers });
}

/** With memory of its own, as what comes from a socket has. */
function chunkOf(text: string): Buffer {
  const chunk = Buffer.allocUnsafeSlow(text.length);
  chunk.write(text);
  return chunk;
}

test('the memory of a body and of its chunks is given back when nobody reads them any more', async () => {
  const chunks = [chunkOf('a'.repeat(100_000)), chunkOf('b'.repeat(100_000))];
  const body = await readBody(messageOf(chunks), BYTES_MAX, new BytesInFlight(BYTES_MAX));
  expect(`${body.bytes}`).toBe('a'.repeat(100_000) + 'b'.repeat(100_000));
  expect(chunks.map((chunk) => chunk.length)).toEqual([0, 0]);
  body.release();
  expect(body.bytes.length).toBe(0);
});

test('a body of one chunk is that chunk until it is released', async () => {
  const chunk = chunkOf('a'.repeat(100_000));
  const body = await readBody(messageOf([chunk]), BYTES_MAX, new BytesInFlight(BYTES_MAX));
  expect(`${body.bytes}`).toBe('a'.repeat(100_000));
  body.release();
  expect(chunk.length).toBe(0);
});

test('a body that went over to a thread is released like any other', async () => {
  const inFlight = new BytesInFlight(BYTES_MAX);
  const body = await readBody(messageOf([chunkOf('a'.repeat(100_000))]), BYTES_MAX, inFlight);
  structuredClone(body.bytes.buffer, { transfer: [body.bytes.buffer as ArrayBuffer] });
  body.release();
  expect(() => inFlight.take(BYTES_MAX)).not.toThrow();
});

test('memory that a body shares with others stays theirs', async () => {
  const shared = Buffer.from(chunkOf('mine and theirs').buffer);
  const chunks = [shared.subarray(0, 4), shared.subarray(4, 8)];
  const body = await readBody(messageOf(chunks), BYTES_MAX, new BytesInFlight(BYTES_MAX));
  expect(`${body.bytes}`).toBe('mine and');
  body.release();
  expect(`${shared}`).toBe('mine and theirs');
});

test('a compressed body of many chunks comes whole', async () => {
  const text = Array.from({ length: 20_000 }, (_, index) => `line ${index}`).join('\n');
  const message = messageOf([gzipSync(text)], { 'content-encoding': 'gzip' });
  const body = await readBody(message, BYTES_MAX, new BytesInFlight(BYTES_MAX));
  expect(`${body.bytes}`).toBe(text);
});
