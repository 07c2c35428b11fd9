/**
 * A service that is traced with the options in its argument (JSON). `GET /ask?via=http&host=HOST` (or
 * `undici`, `fetch`) asks it by that name for `/headers`, which answers with the headers of ours that
 * came; `GET /redirect?host=HOST` sends who asks there. Every name ending in `.example` is this
 * machine's. It says in one line of JSON where it listens.
 */
import dns from 'node:dns';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTracing } from '@throughline/sdk';
import { HTTP_CLIENTS } from './http-clients.ts';

startTracing({ instrumentations: true, ...JSON.parse(String(process.argv[2])) });

const { lookup } = dns;
// Every client asks here, whatever its library.
dns.lookup = ((name: string, ...rest: unknown[]) =>
  Reflect.apply(lookup, dns, [
    name.endsWith('.example') ? '127.0.0.1' : name,
    ...rest,
  ])) as typeof lookup;

const server = createServer(async ({ url = '', headers }, response) => {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const there = `http://${searchParams.get('host')}:${port()}`;
  if (pathname.endsWith('/headers')) {
    const { traceparent, tracestate, baggage } = headers;
    response.end(JSON.stringify({ traceparent, tracestate, baggage }));
  } else if (pathname === '/redirect') {
    response.writeHead(302, { location: `${there}/headers` }).end();
  } else {
    const path = searchParams.get('path') ?? '/headers';
    const answer = await HTTP_CLIENTS[String(searchParams.get('via'))]?.(`${there}${path}`);
    response.end(JSON.stringify(answer));
  }
});

function port(): number {
  return (server.address() as AddressInfo).port;
}

server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port()}` }));
});
