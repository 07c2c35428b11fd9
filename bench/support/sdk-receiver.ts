// An OTLP receiver in a process of its own, so that its CPU time is nobody's. It counts the spans
// that it took, by the first part of the path: POST /NAME/v1/traces, GET /NAME. Used by
// bench/propagation.ts.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodedSpans } from '../../packages/sdk/src/testing/tracing.ts';

/** As far away as a collector in the same data centre. */
const ROUND_TRIP_MS = 5;

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
  counts.set(name, known + encodedSpans(Buffer.concat(chunks)).length);
  setTimeout(() => response.end(), ROUND_TRIP_MS);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
