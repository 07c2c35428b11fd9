import { randomUUID } from 'node:crypto';
import { trace } from '@opentelemetry/api';
import { formatPrice, formatQuantity, type Instrument, lotsOf } from '@throughline/instruments';
import { ATTR, type Decimal, WORKFLOW_SPAN } from '@throughline/model';
import { injectCurrentContext, traced } from '@throughline/sdk';
import type { Logger } from 'pino';
import { candlesOf } from '../domain/candle.ts';
import { type Order, type Sizing, sizeOrder } from '../domain/order.ts';
import { errorTypeOf, OrderError } from '../domain/order-error.ts';
import { validateOrder } from '../domain/order-validation.ts';
import type { Pair } from '../domain/pair.ts';
import type { Strategy } from '../domain/strategy.ts';
import type { ExchangeClient } from '../exchange/exchange-client.ts';
import { isRetryable } from '../exchange/retry.ts';
import type { OrderRecord, OrderStore, SignalRecord } from '../storage/order-store.ts';
import { orderAttributes, setAttributes, setFailure, signalAttributes } from './attributes.ts';
import type { Confirmation } from './confirmation.ts';
import { reportRecordOf } from './report.ts';
import { afterStep, type Step, stepDone } from './step.ts';

export interface TraderOptions {
  readonly exchange: ExchangeClient;
  readonly store: OrderStore;
  readonly confirmation: Confirmation;
  readonly logger: Logger;
  readonly sizing: Sizing;
  /** The most that the position in one symbol may be worth, in its quote asset. */
  readonly positionMax: Decimal;
  /** What one candle spans. */
  readonly candleMs: number;
  readonly countOrder: (order: OrderRecord) => void;
}

/** What one run of a strategy came to. */
export interface RunOutcome {
  /** Undefined when the strategy saw no reason to trade. */
  readonly signal: SignalRecord | undefined;
  /** The order as it ended, or as far as it came. */
  readonly order: OrderRecord | undefined;
}

/** A signal that is to become an order. */
interface Intent {
  readonly signal: SignalRecord;
  readonly instrument: Pair;
  readonly orderId: string;
}

interface ValidOrder {
  readonly order: Order;
  readonly instrument: Instrument;
}

const CANDLES_MAX = 500;

/**
 * The workflow, from the market to the order's end, each step a span below the one before:
 * `signal_generation.<strategy>`, `order_validation`, `order_execution`, `order_confirmation`. The
 * libraries' own spans, of HTTP requests and queries, are below the step that made them.
 */
export class Trader {
  readonly #options: TraderOptions;

  constructor(options: TraderOptions) {
    this.#options = options;
  }

  /**
   * Looks at the market once, and trades if the strategy says so. An order that fails is an outcome,
   * too: it has its `errorType`.
   *
   * @throws OrderError when there is no market data; what `pg` throws
   */
  async run(strategy: Strategy, symbol: string): Promise<RunOutcome> {
    const { exchange, store, confirmation, logger } = this.#options;
    const instrument = exchange.instrument(symbol);
    const generated = await this.#generateSignal(strategy, instrument);
    const intent = generated.value;
    if (!intent) return { signal: undefined, order: undefined };
    const { signal, orderId } = intent;
    // Whoever looks for orders that nobody follows has to leave this one alone.
    const release = confirmation.claim(orderId);
    let mayBeOpen = true;
    try {
      const validated = await afterStep(generated, () => this.#validateOrder(intent));
      const executed = await afterStep(validated, (valid) => this.#executeOrder(valid));
      await afterStep(executed, (placed) => confirmation.confirm(placed));
      mayBeOpen = false;
    } catch (error) {
      if (!(error instanceof OrderError)) throw error;
      logger.warn({ orderId, errorType: error.errorType }, error.message);
    } finally {
      release(mayBeOpen);
    }
    const order = await store.order(orderId);
    if (order) this.#options.countOrder(order);
    return { signal, order };
  }

  #generateSignal(strategy: Strategy, instrument: Pair): Promise<Step<Intent | undefined>> {
    const { exchange, store, candleMs } = this.#options;
    const { symbol } = instrument;
    const name = `${WORKFLOW_SPAN.signalGenerationPrefix}${strategy.name}`;
    const attributes = { [ATTR.strategyName]: strategy.name, [ATTR.tradingSymbol]: symbol };
    const generate = async (): Promise<Step<Intent | undefined>> => {
      const trades = await exchange.trades(instrument);
      const candles = candlesOf(trades, candleMs, CANDLES_MAX);
      const last = trades.at(-1);
      if (last) setAttributes({ [ATTR.tradingPrice]: formatPrice(instrument, last.priceTicks) });
      const isEnough = candles.length >= strategy.candlesMin;
      const finding = isEnough ? strategy.evaluate(candles) : undefined;
      setAttributes({
        [ATTR.marketCandlesCount]: candles.length,
        [ATTR.signalGenerated]: finding !== undefined,
      });
      if (!finding) return stepDone(undefined);
      const signal: SignalRecord = {
        id: randomUUID(),
        strategy: strategy.name,
        symbol,
        ...finding,
        entryPrice: formatPrice(instrument, candles.at(-1)?.closeTicks ?? 0n),
        candles: candles.length,
      };
      const orderId = randomUUID();
      setAttributes({ ...signalAttributes(signal), [ATTR.orderOrderId]: orderId });
      await store.addSignal(signal);
      const ids = { [ATTR.clientOrderId]: orderId, [ATTR.strategyName]: strategy.name, symbol };
      const step = stepDone({ signal, instrument, orderId }, ids);
      // From here on there is an order, which has to end whatever happens to this process.
      await store.addOrder({
        id: orderId,
        signalId: signal.id,
        strategy: strategy.name,
        symbol,
        side: signal.direction,
        price: signal.entryPrice,
        traceId: trace.getActiveSpan()?.spanContext().traceId,
        carrier: injectCurrentContext(step.context),
      });
      return step;
    };
    return traced(name, { attributes })(generate)();
  }

  #validateOrder({ signal, instrument, orderId }: Intent): Promise<Step<ValidOrder>> {
    const { exchange, store, sizing, positionMax } = this.#options;
    const { symbol, direction: side } = signal;
    const attributes = { [ATTR.orderOrderId]: orderId, [ATTR.orderSymbol]: symbol };
    const validate = async (): Promise<Step<ValidOrder>> => {
      const quote = await exchange
        .quote(instrument)
        .catch((error) => this.#failed({ id: orderId, symbol }, 'rejected', error));
      const order: Order = {
        id: orderId,
        symbol,
        side,
        ...sizeOrder(instrument, signal, quote, sizing),
      };
      setAttributes(orderAttributes(order, instrument));
      // Written down before the position is read: of two orders at once each sees the other.
      const size = {
        quantity: formatQuantity(instrument, order.lots),
        price: formatPrice(instrument, order.priceTicks),
      };
      await store.sizeOrder(order.id, size, injectCurrentContext());
      try {
        const [free, position] = await Promise.all([
          exchange.balances(),
          store.position(symbol, order.id),
        ]);
        const positionLots = lotsOf(instrument, position);
        validateOrder(order, instrument, { free, positionLots, positionMax });
      } catch (error) {
        await this.#failed(order, 'rejected', error);
      }
      return stepDone({ order, instrument });
    };
    return traced(WORKFLOW_SPAN.orderValidation, { attributes })(markingFailure(validate))();
  }

  #executeOrder({ order, instrument }: ValidOrder) {
    const { exchange, store, logger } = this.#options;
    const attributes = orderAttributes(order, instrument);
    const execute = async () => {
      await store.startOrder(order.id, injectCurrentContext());
      const startedMs = performance.now();
      const report = await exchange
        .placeOrder(order, instrument)
        // After a failure that might have passed, nobody knows whether the order is there.
        .catch((error) => this.#failed(order, isRetryable(error) ? 'unknown' : 'rejected', error))
        .finally(() =>
          setAttributes({ [ATTR.orderExecutionTimeMs]: Math.round(performance.now() - startedMs) }),
        );
      const record = reportRecordOf(instrument, report);
      setAttributes({
        [ATTR.orderSuccess]: true,
        [ATTR.exchangeOrderId]: record.exchangeOrderId,
        [ATTR.orderStatus]: record.status,
        [ATTR.orderFilledQuantity]: record.filledQuantity,
      });
      await store.reportOrder(order.id, record);
      logger.info({ orderId: order.id, status: record.status }, 'order placed');
      const ids = { [ATTR.exchangeOrderId]: record.exchangeOrderId };
      return stepDone({ order, instrument, report }, ids);
    };
    return traced(WORKFLOW_SPAN.orderExecution, { attributes })(markingFailure(execute))();
  }

  /** Writes the failure down, and goes on failing. */
  async #failed(
    order: Pick<Order, 'id' | 'symbol'>,
    status: 'rejected' | 'unknown',
    error: unknown,
  ): Promise<never> {
    const { confirmation, store } = this.#options;
    if (status === 'rejected') await confirmation.refuse(order, error);
    else await store.failOrder(order.id, status, errorTypeOf(error));
    throw error;
  }
}

/** A step that says on its span why it failed. */
function markingFailure<T>(step: () => Promise<T>): () => Promise<T> {
  return () =>
    step().catch((error) => {
      setFailure(error);
      throw error;
    });
}
