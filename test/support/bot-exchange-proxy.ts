import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What goes wrong with one request on its way to the exchange. */
export type ProxyFault =
  /** It does not get there; the proxy answers in the exchange's place. */
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** It gets there, and the connection breaks before the answer. */
  | { readonly type: 'lose_answer' }
  /** It gets there, and the answer never comes. */
  | { readonly type: 'hold_answer' }
  /** It gets there late. */
  | { readonly type: 'delay_request'; readonly ms: number }
  /** The connection breaks, and it gets there all the same, late. */
  | { readonly type: 'cut_and_deliver'; readonly ms: number }
  /** The connection breaks before it gets there. */
  | { readonly type: 'cut' };

/** Stands between the bot and the exchange's REST API. */
export interface ExchangeProxy {
  readonly url: string;
  /** Every request that came, as `POST /api/v3/order`, in order. */
  readonly requests: string[];
  /** What the exchange answered, as `POST /api/v3/order 200`, whether or not it got through. */
  readonly answers: string[];
  /** The names of all headers that came. */
  readonly headers: Set<string>;
  /** The next requests of this kind meet these faults, one each. */
  fail(request: string, ...faults: ProxyFault[]): void;
  /** All requests meet the fault, until it is called without one. */
  failAll(fault?: ProxyFault): void;
  /** Waits until nothing is on its way to the exchange. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export async function startExchangeProxy(exchangeUrl: string): Promise<ExchangeProxy> {
  const requests: string[] = [];
  const answers: string[] = [];
  const headers = new Set<string>();
  const faults = new Map<string, ProxyFault[]>();
  let always: ProxyFault | undefined;

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const name = `${request.method} ${request.url?.split('?', 1)[0]}`;
    requests.push(name);
    for (const header of Object.keys(request.headers)) headers.add(header);
    const fault = always ?? faults.get(name)?.shift();
    if (fault?.type === 'cut') return request.socket.destroy();
    if (fault?.type === 'answer') {
      return response.writeHead(fault.status, fault.headers).end('{"code":-1003,"msg":"no"}');
    }
    // Who sent it may be gone by the time it goes on.
    const body = await bodyOf(request);
    if (fault?.type === 'cut_and_deliver') request.socket.destroy();
    if (fault && 'ms' in fault) await sleep(fault.ms);
    const answer = await forward(exchangeUrl, request, body);
    answers.push(`${name} ${answer.status}`);
    if (fault?.type === 'lose_answer') return request.socket.destroy();
    if (fault?.type === 'hold_answer' || request.socket.destroyed) return undefined;
    return response
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(await answer.text());
  };
  const underWay = new Set<Promise<unknown>>();
  const server = createServer((request, response) => {
    const handled = handle(request, response)
      .catch(() => request.socket.destroy())
      .finally(() => underWay.delete(handled));
    underWay.add(handled);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answers,
    headers,
    fail: (request, ...given) => void faults.set(request, given),
    failAll: (fault) => {
      always = fault;
    },
    async idle() {
      await Promise.all(underWay);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function forward(exchangeUrl: string, request: IncomingMessage, body: string): Promise<Response> {
  const { 'x-mbx-apikey': apiKey, 'content-type': contentType } = request.headers;
  return fetch(`${exchangeUrl}${request.url}`, {
    method: request.method ?? 'GET',
    headers: {
      ...(typeof apiKey === 'string' ? { 'x-mbx-apikey': apiKey } : {}),
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    },
    ...(body === '' ? {} : { body }),
  });
}
