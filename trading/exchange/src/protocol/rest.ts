import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Faults } from '../faults/faults.ts';
import type { Venue } from '../venue/venue.ts';
import { VENUE_ERROR, VenueError } from '../venue/venue-error.ts';
import { authenticate } from './authentication.ts';
import * as operations from './operations.ts';

const BODY_BYTES_MAX = 65_536;
const REQUEST_TIMEOUT_MS = 10_000;

const ROUTES: readonly (readonly [
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  operation: operations.Operation,
])[] = [
  ['GET', '/api/v3/ping', operations.ping],
  ['GET', '/api/v3/time', operations.time],
  ['GET', '/api/v3/exchangeInfo', operations.exchangeInfo],
  ['GET', '/api/v3/depth', operations.depth],
  ['GET', '/api/v3/trades', operations.trades],
  ['GET', '/api/v3/aggTrades', operations.aggregateTrades],
  ['GET', '/api/v3/ticker/bookTicker', operations.bookTicker],
  ['POST', '/api/v3/order', operations.placeOrder],
  ['GET', '/api/v3/order', operations.orderStatus],
  ['DELETE', '/api/v3/order', operations.cancelOrder],
  ['GET', '/api/v3/openOrders', operations.openOrders],
  ['DELETE', '/api/v3/openOrders', operations.cancelOpenOrders],
  ['GET', '/api/v3/allOrders', operations.allOrders],
  ['GET', '/api/v3/myTrades', operations.myTrades],
  ['GET', '/api/v3/account', operations.accountStatus],
  ['GET', '/sapi/v1/capital/config/getall', operations.currencies],
  ['GET', '/sapi/v1/margin/allPairs', operations.marginPairs],
  ['GET', '/sapi/v1/margin/isolated/allPairs', operations.marginPairs],
];

/**
 * Binance's REST API: parameters in the query or as a form, `{ code, msg }` as errors. Signed
 * requests carry the key in `X-MBX-APIKEY` and the signature of query and body, as sent, in
 * `signature`.
 */
export function createRest(venue: Venue, faults: Faults): FastifyInstance {
  const app = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, body),
  );
  app.setNotFoundHandler((_request, reply) => {
    reply.status(404).send(new VenueError('unsupportedOperation').toJSON());
  });
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof VenueError) return reply.status(error.httpStatus).send(error.toJSON());
    const status = statusOf(error);
    const { code, message } = VENUE_ERROR.unknown;
    if (status < 500) return reply.status(status).send({ code, msg: String(error) });
    // A defect of the simulator, not of the request: the client is answered, the process is told.
    process.emitWarning(error instanceof Error ? error : String(error));
    return reply.status(status).send({ code, msg: message });
  });
  for (const [method, url, operation] of ROUTES) {
    app.route({
      method,
      url,
      handler: async (request) => {
        await pass(faults.delayMs('request'));
        const answer = run(venue, operation, request);
        await pass(faults.delayMs('ack'));
        return answer;
      },
    });
  }
  return app;
}

function run(venue: Venue, operation: operations.Operation, request: FastifyRequest): unknown {
  const url = request.raw.url ?? '';
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  const body = typeof request.body === 'string' ? request.body : '';
  const parameters = parametersOf(query, body);
  if (operation.access === 'public') return operation.run(venue, parameters);
  const apiKey = request.headers['x-mbx-apikey'];
  const account = authenticate(venue, {
    apiKey: typeof apiKey === 'string' ? apiKey : undefined,
    signature: parameters.signature,
    payload: withoutSignature(query) + withoutSignature(body),
    timestamp: parameters.timestamp,
    recvWindow: parameters.recvWindow,
  });
  return operation.run(venue, parameters, account);
}

/**
 * @throws VenueError -1101 when a parameter comes twice: which one was meant, and signed, is
 * unclear
 */
function parametersOf(query: string, body: string): Readonly<Record<string, string>> {
  const parameters = new Map<string, string>();
  for (const part of [query, body]) {
    for (const [name, value] of new URLSearchParams(part)) {
      if (parameters.has(name)) throw new VenueError('duplicateParameter');
      parameters.set(name, value);
    }
  }
  return Object.fromEntries(parameters);
}

function withoutSignature(text: string): string {
  return text
    .split('&')
    .filter((part) => !part.startsWith('signature='))
    .join('&');
}

async function pass(delayMs: number): Promise<void> {
  if (delayMs > 0) await sleep(delayMs);
}

/** Fastify's own refusals (too large, wrong type) know their status. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
}
