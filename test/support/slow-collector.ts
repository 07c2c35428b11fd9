/**
 * An OTLP/HTTP collector that is slow, or worse, in a process of its own. It says where it listens in
 * one line of JSON and tells on `GET /counts` what it took; `PUT /mode` sets how it answers.
 *
 * Usage: node test/support/slow-collector.ts [port] [delay in ms] [mode]
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { spanNames } from '../../packages/sdk/src/testing/tracing.ts';

/** `lose`: take the spans, then reset the connection instead of answering. */
export type CollectorMode = 'take' | 'hang' | 'reset' | 'lose';

export interface CollectorCounts {
  readonly requests: number;
  /** Those that came twice count twice. */
  readonly spans: number;
  /** By their names. */
  readonly distinctSpans: number;
  /** Requests at once. */
  readonly inFlightMax: number;
}

const [port = '0', delayMs = '0', firstMode = 'take'] = process.argv.slice(2);
let mode = firstMode as CollectorMode;
let requests = 0;
let spans = 0;
let inFlight = 0;
let inFlightMax = 0;
const names = new Set<string>();

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  requests += 1;
  inFlight += 1;
  inFlightMax = Math.max(inFlightMax, inFlight);
  response.on('close', () => {
    inFlight -= 1;
  });
  if (mode === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  if (mode === 'hang') return;
  const received = spanNames(Buffer.concat(chunks));
  spans += received.length;
  for (const name of received) names.add(name);
  if (mode === 'lose') {
    request.socket.resetAndDestroy();
    return;
  }
  await sleep(Number(delayMs));
  response.end();
}

function counts(): CollectorCounts {
  return { requests, spans, distinctSpans: names.size, inFlightMax };
}

const server = createServer(async (request, response) => {
  if (request.url === '/counts') response.end(JSON.stringify(counts()));
  else if (request.url === '/mode') {
    mode = (await text(request)) as CollectorMode;
    response.end();
  } else {
    // A sender that hangs up in the middle of its request is no reason to end.
    await take(request, response).catch(() => undefined);
  }
});
server.listen(Number(port), '127.0.0.1', () => {
  const { port: ownPort } = server.address() as AddressInfo;
  console.log(JSON.stringify({ url: `http://127.0.0.1:${ownPort}`, port: ownPort }));
});
