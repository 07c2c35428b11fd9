import type { Attributes, Span } from '@opentelemetry/api';
import { ATTR, ThroughlineError, WORKFLOW_SPAN } from '@throughline/model';
import type { StartedSpan } from '@throughline/sdk';
import { formatAmount, parseAmount } from '../domain/amount.ts';
import { BoundedSet } from '../domain/bounded-set.ts';
import {
  clientOrderIdOf,
  type Instrument,
  type Order,
  type OrderSizing,
  orderFor,
} from '../domain/order.ts';
import { OrderError } from '../domain/order-error.ts';
import { Risk, type RiskOptions } from '../domain/risk.ts';
import { inSpan } from '../in-span.ts';
import { type OrderConfirmed, type Signal, SUBJECT, signalSchema } from '../messages.ts';
import type { ProcessParts } from '../process-parts.ts';
import type { Durable, Transport } from '../transport/transport.ts';
import type { ExchangeRest, PlacedOrder } from './exchange-rest.ts';

export interface TradeengineOptions {
  readonly exchange: Pick<ExchangeRest, 'instruments' | 'place' | 'find'>;
  readonly sizing: OrderSizing;
  readonly risk: RiskOptions;
  /** Milliseconds since the Unix epoch; for tests. */
  readonly now?: () => number;
}

/** Where this service is in the signals. */
const SIGNALS: Durable = {
  name: 'tradeengine',
  stream: 'SIGNALS',
  subject: SUBJECT.tradingSignals,
};

/** Words of the exchange. */
const FILLED = 'FILLED';
const REJECTED = 'REJECTED';

/** What of a confirmation depends on how it went. */
type Outcome = Pick<
  OrderConfirmed,
  'status' | 'filled_quantity' | 'reason' | 'order_id' | 'quantity' | 'price'
>;

/** Signals that are known to be dealt with. */
const DONE_SIGNALS_MAX = 100_000;

/**
 * The service `tradeengine`: makes orders of signals that keep the risk limits, places them at the
 * exchange and confirms what became of them, refused ones included. A signal is acknowledged when its
 * confirmation is stored. However often it is delivered, it becomes one order: one that may be at the exchange
 * already is looked for first.
 */
export class Tradeengine {
  readonly #parts: ProcessParts;
  readonly #transport: Transport;
  readonly #options: TradeengineOptions;
  readonly #risk: Risk;
  readonly #now: () => number;
  readonly #done = new BoundedSet<string>(DONE_SIGNALS_MAX);
  readonly #count: (outcome: string) => void;
  #instruments: ReadonlyMap<string, Instrument> | undefined;

  constructor(parts: ProcessParts, transport: Transport, options: TradeengineOptions) {
    this.#parts = parts;
    this.#transport = transport;
    this.#options = options;
    this.#risk = new Risk(options.risk);
    this.#now = options.now ?? Date.now;
    const signals = parts.metrics.counter(
      'signals_signals_total',
      'Signals that were dealt with, by what became of them.',
      ['outcome'],
    );
    this.#count = (outcome) => signals.inc({ outcome });
  }

  start(): void {
    this.#transport.consume(SIGNALS, (message, started, isRedelivered) =>
      this.#process(message, started, isRedelivered),
    );
  }

  /** @throws OrderError that is temporary: the signal has to come again */
  async #process(message: unknown, { span }: StartedSpan, isRedelivered: boolean): Promise<void> {
    const parsed = signalSchema.safeParse(message);
    if (!parsed.success) {
      const cause = parsed.error;
      throw new ThroughlineError('TL_MESSAGE_INVALID', 'this is no signal', { cause });
    }
    const signal = parsed.data;
    span.setAttributes(signalAttributes(signal));
    if (this.#done.has(signal.signal_id)) {
      span.setAttribute(ATTR.orderReason, 'duplicate');
      this.#count('duplicate');
      return;
    }
    try {
      await this.#trade(signal, isRedelivered);
    } catch (error) {
      if (!(error instanceof OrderError) || error.isTemporary) throw error;
      // Its span has the error; for the signal it is an answer as good as an order.
      await this.#reject(signal, error);
      span.setAttribute(ATTR.orderErrorType, error.type);
      this.#parts.logger.info({ signal: signal.signal_id, type: error.type }, error.message);
      this.#count(error.type);
    }
    this.#done.add(signal.signal_id);
  }

  async #trade(signal: Signal, isRedelivered: boolean): Promise<void> {
    const { exchange } = this.#options;
    const { tracing } = this.#parts;
    const attributes = orderIdAttributes(signal);
    let placed: PlacedOrder | undefined;
    const order = await inSpan(
      tracing,
      WORKFLOW_SPAN.orderValidation,
      { attributes },
      classified(async (span) => {
        if (isRedelivered) {
          placed = await exchange.find(signal.symbol, clientOrderIdOf(signal.signal_id));
        }
        const valid = await this.#validate(signal, placed !== undefined);
        span.setAttributes(orderAttributes(valid));
        return valid;
      }),
    );
    const result =
      placed ??
      (await inSpan(
        tracing,
        WORKFLOW_SPAN.orderExecution,
        { attributes: { ...attributes, ...orderAttributes(order) } },
        classified((span) => this.#execute(order, span)),
      ));
    this.#risk.filled(order.symbol, order.side, result.filledUnits);
    await this.#confirm(signal, order, result);
    this.#count(result.filledUnits > 0n ? 'filled' : 'unfilled');
  }

  /** @param isPlaced the limits were kept when it was */
  async #validate(signal: Signal, isPlaced: boolean): Promise<Order> {
    const nowMs = this.#now();
    if (!isPlaced) this.#risk.checkSignal(signal, nowMs);
    this.#instruments ??= await this.#options.exchange.instruments();
    const instrument = this.#instruments.get(signal.symbol);
    const entryUnits = parseAmount(signal.entry_price);
    if (!instrument || entryUnits === undefined) {
      throw new OrderError('symbol_unknown', `${signal.symbol} is not traded here`);
    }
    const order = orderFor(signal, entryUnits, instrument, this.#options.sizing);
    if (!isPlaced) this.#risk.checkOrder(order, nowMs);
    return order;
  }

  async #execute(order: Order, span: Span): Promise<PlacedOrder> {
    const startMs = performance.now();
    span.setAttribute(ATTR.orderSuccess, false);
    try {
      const placed = await this.#options.exchange.place(order);
      span.setAttributes({
        [ATTR.orderSuccess]: true,
        ...placedAttributes(placed),
      });
      return placed;
    } finally {
      span.setAttribute(ATTR.orderExecutionTimeMs, Math.round(performance.now() - startMs));
    }
  }

  #confirm(signal: Signal, order: Order, placed: PlacedOrder): Promise<void> {
    const attributes = { ...orderAttributes(order), ...placedAttributes(placed) };
    return this.#tell(signal, attributes, {
      status: placed.status,
      filled_quantity: formatAmount(placed.filledUnits),
      order_id: placed.exchangeOrderId,
      quantity: formatAmount(placed.quantityUnits),
      price: formatAmount(placed.priceUnits),
    });
  }

  #reject(signal: Signal, { type }: OrderError): Promise<void> {
    const attributes = { [ATTR.orderErrorType]: type };
    return this.#tell(signal, attributes, { status: REJECTED, filled_quantity: '0', reason: type });
  }

  /** The last span of a signal, and what all that wait for its end are told. */
  #tell(signal: Signal, attributes: Attributes, outcome: Outcome): Promise<void> {
    const status = outcome.status.toLowerCase();
    const common = {
      ...orderIdAttributes(signal),
      [ATTR.signalStatus]: status,
      [ATTR.orderStatus]: status,
      [ATTR.orderSuccess]: outcome.status === FILLED,
    };
    const options = { attributes: { ...common, ...attributes } };
    return inSpan(this.#parts.tracing, WORKFLOW_SPAN.orderConfirmation, options, async () => {
      const clientOrderId = clientOrderIdOf(signal.signal_id);
      const confirmed: OrderConfirmed = {
        signal_id: signal.signal_id,
        strategy: signal.strategy,
        symbol: signal.symbol,
        side: signal.direction,
        client_order_id: clientOrderId,
        ...outcome,
      };
      await this.#transport.store(SUBJECT.orderConfirmed, confirmed, clientOrderId);
    });
  }
}

/** The function, which says of an order's error what kind it is. */
function classified<T>(fn: (span: Span) => Promise<T>): (span: Span) => Promise<T> {
  return async (span) => {
    try {
      return await fn(span);
    } catch (error) {
      if (error instanceof OrderError) span.setAttribute(ATTR.orderErrorType, error.type);
      throw error;
    }
  };
}

function signalAttributes(signal: Signal): Attributes {
  return {
    [ATTR.signalId]: signal.signal_id,
    [ATTR.strategyName]: signal.strategy,
    [ATTR.tradingSymbol]: signal.symbol,
    [ATTR.signalDirection]: signal.direction,
    [ATTR.signalConfidence]: signal.confidence,
    [ATTR.signalEntryPrice]: signal.entry_price,
  };
}

function orderIdAttributes(signal: Signal): Attributes {
  return {
    [ATTR.tradingSymbol]: signal.symbol,
    [ATTR.orderOrderId]: clientOrderIdOf(signal.signal_id),
  };
}

function orderAttributes(order: Order): Attributes {
  return {
    [ATTR.orderSymbol]: order.symbol,
    [ATTR.orderType]: 'limit',
    [ATTR.orderTimeInForce]: 'ioc',
    [ATTR.orderSide]: order.side,
    [ATTR.orderQuantity]: formatAmount(order.quantityUnits),
    [ATTR.orderPrice]: formatAmount(order.priceUnits),
  };
}

function placedAttributes(placed: PlacedOrder): Attributes {
  return {
    [ATTR.exchangeOrderId]: placed.exchangeOrderId,
    [ATTR.exchangeOrderStatus]: placed.status,
    [ATTR.orderFilledQuantity]: formatAmount(placed.filledUnits),
  };
}
