import { parseDecimal } from '@throughline/model';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { isFinal, type OrderStatus } from '../domain/order.ts';
import { OrderError, type OrderErrorType } from '../domain/order-error.ts';
import type { OrderReport } from '../exchange/messages.ts';
import type { OrderRecord, ReportRecord } from '../storage/order-store.ts';
import { BTC } from '../testing/instruments.ts';
import { Confirmation } from './confirmation.ts';

const FILLED: OrderReport = {
  exchangeOrderId: '7',
  status: 'filled',
  filledLots: 1_000n,
  filledNotional: parseDecimal('600'),
};

type Kept = { -readonly [Key in keyof OrderRecord]: OrderRecord[Key] } & { confirmed: boolean };

/** A database that outlives those who write to it. */
class Database {
  readonly orders = new Map<string, Kept>();
  /** What is called before an order counts as confirmed. */
  beforeConfirmed = (): Promise<void> => Promise.resolve();

  add(id: string, status: OrderStatus, fields: Partial<OrderRecord> = {}): void {
    const terms = { symbol: 'BTCUSDT', side: 'buy', quantity: '0.01', price: '60000' } as const;
    const at = new Date(0);
    this.orders.set(id, {
      ...{ id, strategy: 's', ...terms, status, filledQuantity: '0', averagePrice: undefined },
      ...{ exchangeOrderId: undefined, errorType: undefined, traceId: undefined, carrier: {} },
      ...{ createdAt: at, updatedAt: at, confirmed: false, ...fields },
    });
  }

  get(id: string): Kept {
    const order = this.orders.get(id);
    if (!order) throw new TypeError(`no order ${id}`);
    return order;
  }

  async reportOrder(id: string, report: ReportRecord): Promise<void> {
    Object.assign(this.get(id), report);
  }

  async failOrder(id: string, status: OrderStatus, errorType: OrderErrorType): Promise<void> {
    Object.assign(this.get(id), { status, errorType });
  }

  async confirmOrder(id: string): Promise<void> {
    await this.beforeConfirmed();
    this.get(id).confirmed = true;
  }

  async unconfirmedIds(): Promise<string[]> {
    return [...this.orders.values()].flatMap(({ id, confirmed }) => (confirmed ? [] : [id]));
  }

  async unconfirmedOrder(id: string): Promise<OrderRecord | undefined> {
    const order = this.get(id);
    return order.confirmed ? undefined : { ...order };
  }
}

/** Starts following the orders of the database, as a process does that starts. */
function start(database: Database, answer: (id: string) => OrderReport | Promise<OrderReport>) {
  const asked: string[] = [];
  const orderById = async ({ id }: { readonly id: string }) => {
    asked.push(id);
    return answer(id);
  };
  const confirmation = new Confirmation({
    exchange: { instrument: () => BTC, orderById, cancelOrder: orderById },
    store: database,
    logger: pino({ level: 'silent' }),
    openMsMax: 0,
    settledMs: 1_000,
  });
  return { confirmation, asked };
}

function unknown(): never {
  throw new OrderError('unknown_order', 'Order does not exist.');
}

test('an order that was written down and never sent is rejected, without a question', async () => {
  const database = new Database();
  database.add('o-1', 'pending_new');
  const { confirmation, asked } = start(database, unknown);
  await confirmation.resume();
  await confirmation.sent();
  expect(database.get('o-1')).toMatchObject({
    ...{ status: 'rejected', errorType: 'not_sent', confirmed: true },
  });
  expect(asked).toEqual([]);
});

test('an order that the exchange never had is rejected, and one that it had taken has expired', async () => {
  const database = new Database();
  database.add('never', 'unknown');
  database.add('timed-out', 'unknown', { errorType: 'timeout' });
  database.add('taken', 'partially_filled', { exchangeOrderId: '7', filledQuantity: '0.005' });
  const { confirmation } = start(database, unknown);
  await confirmation.resume();
  await confirmation.sent();
  const ended = ['never', 'timed-out', 'taken'].map((id) => database.get(id));
  expect(ended.map(({ status, errorType }) => [status, errorType])).toEqual([
    ['rejected', 'unknown_order'],
    ['rejected', 'timeout'],
    ['expired', 'unknown_order'],
  ]);
  expect(database.get('taken').filledQuantity).toBe('0.005');
  expect(ended.every(({ confirmed }) => confirmed)).toBe(true);
});

test('an end whose confirmation was not sent is said again, and never looked for again', async () => {
  const database = new Database();
  database.add('o-1', 'unknown');
  // It is killed after it wrote down the end, and before the confirmation was sent.
  database.beforeConfirmed = () => new Promise(() => undefined);
  const killed = start(database, () => FILLED);
  await killed.confirmation.resume();
  expect(database.get('o-1')).toMatchObject({ status: 'filled', confirmed: false });

  database.beforeConfirmed = async () => undefined;
  const { confirmation, asked } = start(database, unknown);
  await confirmation.resume();
  await confirmation.sent();
  expect(database.get('o-1')).toMatchObject({ status: 'filled', confirmed: true });
  expect(asked).toEqual([]);
});

test('a process does not say again what it is about to have said', async () => {
  const database = new Database();
  const { promise, resolve } = Promise.withResolvers<void>();
  let confirmations = 0;
  database.beforeConfirmed = () => {
    confirmations += 1;
    return promise;
  };
  database.add('o-1', 'new');
  const { confirmation } = start(database, () => FILLED);
  await confirmation.confirm({ order: database.get('o-1'), instrument: BTC, report: FILLED });
  confirmation.claim('o-2')(true);
  await confirmation.resume();
  resolve();
  await confirmation.sent();
  await confirmation.resume();
  expect(confirmations).toBe(1);
});

test('an order that ends while others are taken up is confirmed by who followed it, once', async () => {
  const database = new Database();
  database.add('slow', 'unknown');
  database.add('followed', 'new');
  const gate = Promise.withResolvers<OrderReport>();
  const { confirmation, asked } = start(database, () => gate.promise);
  const release = confirmation.claim('followed');
  const resumed = confirmation.resume();
  await expect.poll(() => asked).toEqual(['slow']);
  const followed = { order: database.get('followed'), instrument: BTC, report: FILLED };
  await confirmation.confirm(followed);
  await confirmation.sent();
  release(false);
  gate.resolve(FILLED);
  await resumed;
  expect(asked).toEqual(['slow']);
});

test('an order that cannot be asked for now is asked for again, until it has ended', async () => {
  const database = new Database();
  database.add('o-1', 'unknown');
  let answers = 0;
  const { confirmation } = start(database, () => {
    answers += 1;
    if (answers === 1) throw new OrderError('timeout', 'no answer in time');
    return FILLED;
  });
  await confirmation.resume();
  expect(isFinal(database.get('o-1').status)).toBe(false);
  await confirmation.resume();
  await confirmation.resume();
  expect(database.get('o-1').status).toBe('filled');
  expect(answers).toBe(2);
});
