import type { ExchangeOrder, Execution } from '../domain/exchange-order.ts';
import type { Instrument } from '../domain/instrument.ts';

/** What is known here of an order between its placing and its end. */
export class OpenOrder {
  readonly order: ExchangeOrder;
  readonly instrument: Instrument;
  /** Whether the exchange may know of it. */
  isSent = false;
  isCancelRequested = false;
  isResolving = false;
  readonly #fillIds = new Set<string>();
  #cumLots = 0n;
  #isEnded = false;

  constructor(order: ExchangeOrder, instrument: Instrument) {
    this.order = order;
    this.instrument = instrument;
  }

  get cumLots(): bigint {
    return this.#cumLots;
  }

  /** Filled, or ended otherwise: no more executions can come. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Whether this was not known: each execution counts once, however often one is told of it. */
  isNews({ outcome }: Execution): boolean {
    return !this.#isEnded && (outcome.type === 'end' || !this.#fillIds.has(outcome.fillId));
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
