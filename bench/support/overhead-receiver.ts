// An OTLP receiver in a process of its own that takes everything and looks into nothing: its CPU time
// is nobody's. It counts the bytes by the first part of the path: POST /NAME/v1/traces, GET /NAME. Used
// by bench/overhead.ts.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const bytes = new Map<string, number>();
const server = createServer(async (request, response) => {
  const name = request.url?.split('/')[1] ?? '';
  if (request.method === 'GET') {
    response.end(`${bytes.get(name) ?? 0}`);
    return;
  }
  let size = 0;
  for await (const chunk of request) size += (chunk as Buffer).length;
  bytes.set(name, (bytes.get(name) ?? 0) + size);
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
