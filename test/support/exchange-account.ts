import { createHmac } from 'node:crypto';
import { DEMO_ACCOUNT } from '@throughline/exchange';

/** A fill as the venue keeps it. */
export interface VenueTrade {
  readonly id: number;
  readonly symbol: string;
  readonly qty: string;
  readonly isBuyer: boolean;
}

interface VenueOrder {
  readonly clientOrderId: string;
  readonly symbol: string;
}

const PAGE_ROWS_MAX = 1_000;

/** The demo account, seen at the venue itself: what is true, whatever anybody was told. */
export class ExchangeAccount {
  readonly #restUrl: string;

  constructor(restUrl: string) {
    this.#restUrl = restUrl;
  }

  openOrders(): Promise<VenueOrder[]> {
    return this.#request('GET', '/api/v3/openOrders', {});
  }

  place(order: Readonly<Record<string, string>>): Promise<VenueOrder> {
    return this.#request('POST', '/api/v3/order', order);
  }

  /** All fills in a symbol, oldest first. */
  async trades(symbol: string): Promise<VenueTrade[]> {
    const trades = new Map<string, VenueTrade>();
    for (let fromId = 0; ; ) {
      const params = { symbol, fromId: String(fromId), limit: String(PAGE_ROWS_MAX) };
      const page = await this.#request<VenueTrade[]>('GET', '/api/v3/myTrades', params);
      for (const trade of page) trades.set(`${trade.id} ${trade.isBuyer}`, trade);
      if (page.length < PAGE_ROWS_MAX) return [...trades.values()];
      fromId = page.at(-1)?.id ?? fromId;
    }
  }

  async #request<T>(
    method: string,
    path: string,
    params: Readonly<Record<string, string>>,
  ): Promise<T> {
    const query = new URLSearchParams({ ...params, timestamp: String(Date.now()) }).toString();
    const { apiKey, secret } = DEMO_ACCOUNT;
    const signature = createHmac('sha256', secret).update(query).digest('hex');
    const response = await fetch(`${this.#restUrl}${path}?${query}&signature=${signature}`, {
      method,
      headers: { 'X-MBX-APIKEY': apiKey },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}
