// An OTLP receiver in a process of its own, so that its CPU time is nobody's. It counts the spans
// that it took, by the first part of the path: POST /NAME/v1/traces, GET /NAME. Used by
// bench/propagation.ts.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** As far away as a collector in the same data centre. */
const ROUND_TRIP_MS = 5;
const SPANS_PATH = [1, 2, 2];

const counts = new Map<string, number>();
const server = createServer(async (request, response) => {
  const name = request.url?.split('/')[1] ?? '';
  const known = counts.get(name) ?? 0;
  if (request.method === 'GET') {
    response.end(`${known}`);
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  counts.set(name, known + countFields(Buffer.concat(chunks), SPANS_PATH));
  setTimeout(() => response.end(), ROUND_TRIP_MS);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});

/** How many messages stand at a path of field numbers in a protobuf message of messages. */
function countFields(bytes: Buffer, [wanted, ...rest]: readonly number[]): number {
  let count = 0;
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const field = varint() >>> 3;
    const length = varint();
    const inner = bytes.subarray(at, at + length);
    if (field === wanted) count += rest.length === 0 ? 1 : countFields(inner, rest);
    at += length;
  }
  return count;
}
