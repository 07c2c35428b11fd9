import { ThroughlineError } from '@throughline/model';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { createStrategy, STRATEGY_NAMES } from '../domain/strategies.ts';
import type { ExchangeClient } from '../exchange/exchange-client.ts';
import type { OrderStore } from '../storage/order-store.ts';
import type { StrategyRuns } from '../workflow/strategy-runs.ts';
import type { Trader } from '../workflow/trader.ts';
import { orderBody, ordersQuery, runBody, startBody } from './messages.ts';

interface ApiParts {
  readonly trader: Trader;
  readonly runs: StrategyRuns;
  readonly exchange: Pick<ExchangeClient, 'instrument'>;
  readonly store: OrderStore;
  readonly logger: Logger;
}

const BODY_BYTES_MAX = 16_384;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * The bot's HTTP API. Failures are answered as `{ error: { code, message, hint } }`; an order that
 * fails is no failure of the request, but an order with an `errorType`.
 */
export function createApi({ trader, runs, exchange, store, logger }: ApiParts): FastifyInstance {
  const app = Fastify({ bodyLimit: BODY_BYTES_MAX, requestTimeout: REQUEST_TIMEOUT_MS });
  answerErrors(app, logger);
  letGoWhenClosing(app);

  app.post('/signals/run', async (request) => {
    const { strategy: name, symbol, parameters } = parse(runBody, request.body);
    const { signal, order } = await trader.run(createStrategy(name, parameters), symbol);
    return { signal, order: order && orderBody(order) };
  });

  app.get('/orders', async (request) => {
    const orders = await store.orders(parse(ordersQuery, request.query));
    return { orders: orders.map(orderBody) };
  });

  app.get<{ Params: { id: string } }>('/orders/:id', async ({ params }) => {
    const order = await store.order(params.id);
    if (order) return orderBody(order);
    throw new ThroughlineError('TL_NOT_FOUND', 'there is no order with this id');
  });

  app.get('/strategies', async () => {
    const active = runs.list();
    const stateOf = (name: string) => active.find(({ strategy }) => strategy === name);
    return { strategies: STRATEGY_NAMES.map((name) => ({ name, run: stateOf(name) })) };
  });

  app.post<{ Params: { name: string } }>('/strategies/:name/start', async (request) => {
    const { symbol, intervalMs, parameters } = parse(startBody, request.body);
    const strategy = createStrategy(request.params.name, parameters);
    exchange.instrument(symbol);
    return { run: await runs.start(strategy, symbol, intervalMs) };
  });

  app.post<{ Params: { name: string } }>('/strategies/:name/stop', async ({ params }) => {
    const run = await runs.stop(params.name);
    if (run) return { run };
    throw new ThroughlineError('TL_NOT_FOUND', 'no strategy of this name is running');
  });
  return app;
}

function parse<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') || 'body';
  throw new ThroughlineError('TL_BAD_REQUEST', `${place}: ${issue?.message}`);
}

function answerErrors(app: FastifyInstance, logger: Logger): void {
  app.setErrorHandler((cause: FastifyError | Error, _request, reply) => {
    const error = toThroughlineError(cause);
    if (error.status >= 500) logger.error({ err: cause }, error.message);
    const { code, message, hint } = error;
    return reply.status(error.status).send({ error: { code, message, hint } });
  });
  app.setNotFoundHandler((request, reply) => {
    const message = `${request.method} ${request.url.split('?', 1)[0]} is not served`;
    return reply.status(404).send({ error: { code: 'TL_NOT_FOUND', message } });
  });
}

/** What fastify refuses is the client's; all else is told to the log only. */
function toThroughlineError(cause: FastifyError | Error): ThroughlineError {
  if (cause instanceof ThroughlineError) return cause;
  const status = 'statusCode' in cause ? (cause.statusCode ?? 500) : 500;
  if (status < 500) return new ThroughlineError('TL_BAD_REQUEST', cause.message, { cause });
  return new ThroughlineError('TL_INTERNAL', 'internal error, see the log', { cause });
}

/** A client that keeps its connection after the last answer would keep the bot from stopping. */
function letGoWhenClosing(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close');
  });
}
