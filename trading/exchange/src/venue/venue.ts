import type { EngineEvent, TimeInForce, TradeEvent } from '../engine/matching-engine.ts';
import { oppositeOf, type Side } from '../engine/order-book.ts';
import type { Faults } from '../faults/faults.ts';
import { type Instrument, notionalUnits } from '../instruments.ts';
import { Account, type AccountOptions, type ClientFill, type ClientOrder } from './account.ts';
import { Commission, type CommissionOptions } from './commission.ts';
import { checkNotional, lotsOf, ticksOf } from './filters.ts';
import { type CommandOutcome, Market } from './market.ts';
import { VenueError, type VenueErrorName } from './venue-error.ts';

/** Orders that an account may have open over all symbols (Binance's EXCHANGE_MAX_NUM_ORDERS). */
export const OPEN_ORDERS_MAX = 10_000;

/** A new order in units of 10^-8. Without a price it is a market order. */
export interface PlaceOrder {
  readonly symbol: string;
  readonly side: Side;
  readonly timeInForce: TimeInForce;
  readonly priceUnits?: bigint;
  readonly quantityUnits: bigint;
  /** Made by the venue when absent. */
  readonly clientOrderId?: string;
}

/** Names an order by the venue's id or by the client's. */
export interface OrderKey {
  readonly orderId?: number;
  readonly clientOrderId?: string;
}

interface VenueOptions {
  readonly instruments: readonly Instrument[];
  readonly accounts: readonly AccountOptions[];
  readonly faults: Faults;
  /** Default none. */
  readonly commission?: Partial<CommissionOptions>;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Order, trade and execution ids are counted up from here. */
  readonly firstId: number;
}

export interface VenueStats {
  ordersAccepted: number;
  ordersRejected: number;
  ordersFilled: number;
  ordersCanceled: number;
  ordersExpired: number;
  /** Trades with at least one client in them. */
  clientTrades: number;
  marketTrades: number;
}

/** Why a user data event was sent, in FIX's terms the ExecType. */
type ExecutionType = 'NEW' | 'TRADE' | 'CANCELED' | 'REJECTED' | 'EXPIRED';

/** One change of a client's order. The order is live: read it before the next change. */
export interface ExecutionReport {
  readonly executionId: number;
  readonly executionType: ExecutionType;
  readonly order: ClientOrder;
  /** For TRADE. */
  readonly fill?: ClientFill;
  /** For REJECTED: Binance's name of the reason. */
  readonly rejectReason?: string;
}

type ReportListener = (report: ExecutionReport) => void;

/**
 * The exchange itself, without any protocol: markets, accounts, and the rules between them. Funds
 * are set aside before an order reaches the book, so a trade can always be paid: no balance can go
 * below zero.
 */
export class Venue {
  readonly markets: ReadonlyMap<string, Market>;
  /** By API key. */
  readonly accounts: ReadonlyMap<string, Account>;
  readonly now: () => number;
  readonly commission: Commission;
  readonly stats: VenueStats = {
    ordersAccepted: 0,
    ordersRejected: 0,
    ordersFilled: 0,
    ordersCanceled: 0,
    ordersExpired: 0,
    clientTrades: 0,
    marketTrades: 0,
  };
  readonly #faults: Faults;
  readonly #clientOrders = new Map<number, ClientOrder>();
  readonly #reportListeners: ReportListener[] = [];
  #orderId: number;
  #executionId: number;

  constructor(options: VenueOptions) {
    this.now = options.now;
    this.commission = new Commission({ makerBps: 0, takerBps: 0, ...options.commission });
    this.#faults = options.faults;
    this.#orderId = options.firstId;
    this.#executionId = options.firstId;
    let tradeId = options.firstId;
    this.markets = new Map(
      options.instruments.map((instrument) => [
        instrument.symbol,
        new Market(instrument, () => tradeId++, options.now),
      ]),
    );
    this.accounts = new Map(
      options.accounts.map((account) => [account.apiKey, new Account(account)]),
    );
    for (const market of this.markets.values()) {
      market.listen((changed, outcome) => this.#settle(changed, outcome));
    }
  }

  onReport(listener: ReportListener): void {
    this.#reportListeners.push(listener);
  }

  /** @throws VenueError -1121 */
  market(symbol: string): Market {
    const market = this.markets.get(symbol);
    if (!market) throw new VenueError('invalidSymbol');
    return market;
  }

  /** The id for an order that enters a market past the venue: generated or replayed liquidity. */
  nextOrderId(): number {
    return this.#orderId++;
  }

  /**
   * Places an order; it may have traded, and even be gone, when this returns. What happens to it is
   * reported to the listeners first.
   *
   * @throws VenueError -1013, -1121 for a malformed order; -2010 for one that is refused, and
   * reported so
   */
  place(account: Account, request: PlaceOrder): ClientOrder {
    const market = this.market(request.symbol);
    const order = this.#newOrder(account, market, request);
    const refusal = this.#refusal(account, market, order);
    if (refusal) {
      order.status = 'REJECTED';
      this.stats.ordersRejected += 1;
      const rejectReason = refusal === 'insufficientBalance' ? 'INSUFFICIENT_BALANCES' : 'OTHER';
      this.#report({ executionType: 'REJECTED', order, rejectReason });
      throw new VenueError(refusal);
    }
    account.addOrder(order);
    this.#clientOrders.set(order.orderId, order);
    const { orderId, side, lots, priceTicks, timeInForce } = order;
    market.submit(
      { orderId, side, lots, timeInForce, ...(priceTicks === undefined ? {} : { priceTicks }) },
      this.#faults.tradeLotsMax(lots),
    );
    return order;
  }

  /**
   * @param cancelId the client order id of the cancel request, made by the venue when absent
   * @throws VenueError -2011 when no such order is open
   */
  cancel(account: Account, symbol: string, key: OrderKey, cancelId?: string): ClientOrder {
    const market = this.market(symbol);
    const order = find(account, symbol, key);
    if (!order || !account.isOpen(order)) throw new VenueError('cancelRejected');
    order.cancelId = cancelId ?? `cancel-${order.orderId}`;
    market.cancel(order.orderId);
    return order;
  }

  /** @throws VenueError -2013 */
  order(account: Account, symbol: string, key: OrderKey): ClientOrder {
    this.market(symbol);
    const order = find(account, symbol, key);
    if (!order) throw new VenueError('noSuchOrder');
    return order;
  }

  #newOrder(account: Account, market: Market, request: PlaceOrder): ClientOrder {
    const { instrument } = market;
    const { side, timeInForce, priceUnits } = request;
    const priceTicks = priceUnits === undefined ? undefined : ticksOf(instrument, priceUnits);
    const lots = lotsOf(instrument, request.quantityUnits);
    const notionalTicks = priceTicks ?? market.engine.side(oppositeOf(side)).bestTicks;
    if (notionalTicks !== undefined) checkNotional(instrument, notionalTicks, lots);
    if (account.openCount >= OPEN_ORDERS_MAX) {
      throw new VenueError('filterFailure', 'EXCHANGE_MAX_NUM_ORDERS');
    }
    const orderId = this.nextOrderId();
    const nowMs = this.now();
    return {
      orderId,
      clientOrderId: request.clientOrderId ?? `venue-${orderId}`,
      account,
      instrument,
      side,
      priceTicks,
      timeInForce,
      lots,
      createdMs: nowMs,
      updatedMs: nowMs,
      status: 'NEW',
      cumLots: 0n,
      cumQuoteUnits: 0n,
      lockedUnits: 0n,
      cancelId: undefined,
      fills: [],
    };
  }

  /** Why the order is refused; undefined when it may enter the book, its funds then set aside. */
  #refusal(account: Account, market: Market, order: ClientOrder): VenueErrorName | undefined {
    if (this.#faults.rejects()) return 'newOrderRejected';
    const namesake = account.orderByClientId(order.clientOrderId);
    if (namesake && account.isOpen(namesake)) return 'duplicateOrder';
    order.lockedUnits = fundsNeeded(market, order);
    return account.balances.lock(payAsset(order), order.lockedUnits)
      ? undefined
      : 'insufficientBalance';
  }

  #settle(market: Market, { events }: CommandOutcome): void {
    for (const event of events) {
      if (event.type === 'trade') this.#settleTrade(market, event);
      else this.#settleChange(event);
    }
  }

  #settleChange(event: Exclude<EngineEvent, TradeEvent>): void {
    const order = this.#clientOrders.get(event.orderId);
    if (!order) return;
    if (event.type === 'accepted') {
      this.stats.ordersAccepted += 1;
      this.#report({ executionType: 'NEW', order });
    } else if (event.type === 'canceled') {
      this.stats.ordersCanceled += 1;
      this.#close(order, 'CANCELED');
      this.#report({ executionType: 'CANCELED', order });
    } else if (event.type === 'expired') {
      this.stats.ordersExpired += 1;
      this.#close(order, 'EXPIRED');
      this.#report({ executionType: 'EXPIRED', order });
    }
  }

  #settleTrade(market: Market, event: TradeEvent): void {
    const maker = this.#clientOrders.get(event.maker.orderId);
    const taker = this.#clientOrders.get(event.taker.orderId);
    this.stats.marketTrades += 1;
    if (maker || taker) this.stats.clientTrades += 1;
    if (maker) this.#fill(market.instrument, maker, event, true);
    if (taker) this.#fill(market.instrument, taker, event, false);
  }

  #fill(instrument: Instrument, order: ClientOrder, event: TradeEvent, isMaker: boolean): void {
    const { tradeId, priceTicks, lots } = event;
    const { account, side } = order;
    const quoteUnits = notionalUnits(instrument, priceTicks, lots);
    const baseUnits = lots * instrument.stepUnits;
    const { baseAsset, quoteAsset } = instrument;
    const paidUnits = side === 'BUY' ? quoteUnits : baseUnits;
    order.lockedUnits -= paidUnits;
    account.balances.spendLocked(payAsset(order), paidUnits);
    const [asset, units] = side === 'BUY' ? [baseAsset, baseUnits] : [quoteAsset, quoteUnits];
    const commissionUnits = this.commission.unitsOf(units, isMaker);
    account.balances.receive(asset, units - commissionUnits);
    order.cumLots += lots;
    order.cumQuoteUnits += quoteUnits;
    order.updatedMs = this.now();
    order.status = order.cumLots === order.lots ? 'FILLED' : 'PARTIALLY_FILLED';
    const timeMs = order.updatedMs;
    const amounts = { priceTicks, lots, quoteUnits, commissionUnits };
    const fill = { order, tradeId, ...amounts, isMaker, timeMs };
    order.fills.push(fill);
    account.addFill(fill);
    this.#releaseSurplus(order);
    if (order.status === 'FILLED') {
      this.stats.ordersFilled += 1;
      this.#close(order, 'FILLED');
    }
    this.#report({ executionType: 'TRADE', order, fill });
  }

  /** A buyer who paid less than its limit gets the difference back at once. */
  #releaseSurplus(order: ClientOrder): void {
    const { instrument, priceTicks, side } = order;
    if (side !== 'BUY' || priceTicks === undefined) return;
    const neededUnits = notionalUnits(instrument, priceTicks, order.lots - order.cumLots);
    order.account.balances.unlock(payAsset(order), order.lockedUnits - neededUnits);
    order.lockedUnits = neededUnits;
  }

  #close(order: ClientOrder, status: 'FILLED' | 'CANCELED' | 'EXPIRED'): void {
    order.status = status;
    order.updatedMs = this.now();
    order.account.balances.unlock(payAsset(order), order.lockedUnits);
    order.lockedUnits = 0n;
    this.#clientOrders.delete(order.orderId);
    order.account.closeOrder(order);
  }

  #report(report: Omit<ExecutionReport, 'executionId'>): void {
    const numbered = { ...report, executionId: this.#executionId++ };
    for (const listener of this.#reportListeners) listener(numbered);
  }
}

/**
 * What a limit order can cost at most; for a market buy, what it costs on the book as it is now.
 */
function fundsNeeded(market: Market, order: ClientOrder): bigint {
  const { instrument, side, lots, priceTicks } = order;
  if (side === 'SELL') return lots * instrument.stepUnits;
  if (priceTicks !== undefined) return notionalUnits(instrument, priceTicks, lots);
  return market.engine.executable({ side, lots }).tickLots * instrument.unitsPerTickLot;
}

function find(account: Account, symbol: string, key: OrderKey): ClientOrder | undefined {
  const order =
    key.orderId === undefined
      ? account.orderByClientId(key.clientOrderId ?? '')
      : account.order(key.orderId);
  if (order?.instrument.symbol !== symbol) return undefined;
  const isOther = key.clientOrderId !== undefined && order.clientOrderId !== key.clientOrderId;
  return isOther ? undefined : order;
}

function payAsset({ side, instrument }: ClientOrder): string {
  return side === 'BUY' ? instrument.quoteAsset : instrument.baseAsset;
}
