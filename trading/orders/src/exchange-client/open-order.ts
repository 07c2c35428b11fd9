import type { SpanContext } from '@opentelemetry/api';
import type { Instrument } from '@throughline/instruments';
import type { Carrier } from '@throughline/sdk';
import type { ExchangeOrder, Execution } from '../domain/exchange-order.ts';

/** What is known here of an order between its placing and its end. */
export class OpenOrder {
  readonly order: ExchangeOrder;
  readonly instrument: Instrument;
  /** The exchange's own id, once it has told it. */
  venueOrderId: number | undefined;
  isCancelRequested = false;
  /** Of whoever wants it canceled. */
  cancelCarrier: Carrier = {};
  /** The span that asked the exchange to cancel it, the last time. */
  cancelContext: SpanContext | undefined;
  isResolving = false;
  /** Something happened that the resolution under way may not have seen. */
  isResolvedAgain = false;
  readonly #fillIds = new Set<string>();
  #isSent = false;
  #lastTradeId: number | undefined;
  #cumLots = 0n;
  #isEnded = false;

  constructor(order: ExchangeOrder, instrument: Instrument) {
    this.order = order;
    this.instrument = instrument;
  }

  /** Whether the exchange may know of it. */
  get isSent(): boolean {
    return this.#isSent;
  }

  /**
   * The last trade in the symbol that was known when the order was sent, if any was: all trades of
   * the order have higher ids.
   */
  get lastTradeId(): number | undefined {
    return this.#lastTradeId;
  }

  get cumLots(): bigint {
    return this.#cumLots;
  }

  /** Filled, or ended otherwise: no more executions can come. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  sent(lastTradeId: number | undefined): void {
    this.#isSent = true;
    this.#lastTradeId = lastTradeId;
  }

  /** Whether this was not known: each execution counts once, however often one is told of it. */
  isNews({ outcome }: Execution): boolean {
    return !this.#isEnded && (outcome.type === 'end' || !this.#fillIds.has(outcome.fillId));
  }

  /** Whether this fill leaves nothing open. */
  isCompletedBy({ outcome }: Execution): boolean {
    return outcome.type === 'fill' && this.#cumLots + outcome.lots >= this.order.lots;
  }

  /** @returns whether it was news */
  apply(execution: Execution): boolean {
    if (!this.isNews(execution)) return false;
    const { outcome } = execution;
    if (outcome.type === 'fill') {
      this.#fillIds.add(outcome.fillId);
      this.#cumLots += outcome.lots;
    }
    this.#isEnded = outcome.type === 'end' || this.#cumLots >= this.order.lots;
    return true;
  }
}
