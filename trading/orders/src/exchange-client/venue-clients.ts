import type { Context } from '@opentelemetry/api';
import { ThroughlineError } from '@throughline/model';
import type { Carrier, Tracing } from '@throughline/sdk';
import type { ExchangeOrder, Execution } from '../domain/exchange-order.ts';
import {
  ExchangeClient,
  type ExchangeClientOptions,
  type ExchangeClientStats,
} from './exchange-client.ts';
import type { Orphan } from './orphans.ts';

interface VenueClientsOptions
  extends Omit<ExchangeClientOptions, 'venue' | 'wsApiUrl' | 'onOrphan' | 'onChange'> {
  readonly venues: readonly { readonly name: string; readonly wsApiUrl: string }[];
  readonly onExecution: (execution: Execution, context: Context) => void;
  readonly onOrphan: (venue: string, orphan: Orphan) => void;
  readonly onChange: (venue: string, isUp: boolean) => void;
}

/** One client for each venue: what happens to one of them does not touch the others. */
export class VenueClients {
  readonly #clients: ReadonlyMap<string, ExchangeClient>;

  constructor(tracing: Tracing, { venues, ...options }: VenueClientsOptions) {
    this.#clients = new Map(
      venues.map(({ name, wsApiUrl }) => [
        name,
        new ExchangeClient(tracing, {
          ...options,
          venue: name,
          wsApiUrl,
          onOrphan: (orphan) => options.onOrphan(name, orphan),
          onChange: (isUp) => options.onChange(name, isUp),
        }),
      ]),
    );
  }

  /**
   * @returns the names of those that are not ready in time
   * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE` when none of them is
   */
  async whenReady(names: readonly string[], timeoutMs: number): Promise<string[]> {
    const waits = names.map((name) => this.#clients.get(name)?.whenReady(timeoutMs));
    const outcomes = await Promise.allSettled(waits);
    const late = names.filter((_, index) => outcomes[index]?.status === 'rejected');
    const [first] = outcomes;
    if (first?.status === 'rejected' && late.length === names.length) throw first.reason;
    return late;
  }

  /** By the name of the venue. */
  stats(): Record<string, ExchangeClientStats> {
    return Object.fromEntries([...this.#clients].map(([name, client]) => [name, client.stats()]));
  }

  /** @throws ThroughlineError `TL_INTERNAL` for a venue that is none of these */
  place(order: ExchangeOrder, carrier: Carrier): void {
    const client = this.#clients.get(order.venue);
    if (!client) throw new ThroughlineError('TL_INTERNAL', `no venue is called ${order.venue}`);
    client.place(order, carrier);
  }

  /** Exchange order ids are unique over all venues, and only the order's own knows it. */
  cancel(exchangeOrderId: string, carrier: Carrier): void {
    for (const client of this.#clients.values()) client.cancel(exchangeOrderId, carrier);
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }
}
