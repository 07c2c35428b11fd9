import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { ThroughlineError } from '@throughline/model';
import type { Carrier } from '@throughline/sdk';
import { z } from 'zod';
import { type ClientOrder, clientOrderKey, type OrderIds } from '../domain/client-order.ts';
import { isTerminal, newOrderState, type OrderState } from '../domain/order-state.ts';

/** An open order, with what is needed to end it when the process that took it on is gone. */
export interface JournaledOrder {
  readonly order: ClientOrder;
  /** The context of its `client_order_received`. */
  readonly carrier: Carrier;
  /** What the orders that it replaced had filled. */
  readonly chainCumLots: bigint;
  /** The order that it replaced. */
  readonly origClientOrderId: string | undefined;
  readonly state: OrderState;
}

interface OrderJournalOptions {
  /** Lines of orders that have ended, beyond which the file is written anew. Default 10,000. */
  readonly endedLinesMax?: number;
  /** Told once: from then on nothing is written. Orders are taken on all the same. */
  readonly onFailure: (error: unknown) => void;
}

const OWNER_ONLY = 0o600;

const stateSchema = z.object({
  status: z.enum([
    'new',
    'partially_filled',
    'filled',
    'canceled',
    'replaced',
    'rejected',
    'expired',
  ]),
  orderedLots: z.coerce.bigint(),
  cumLots: z.coerce.bigint(),
  cumTickLots: z.coerce.bigint(),
});

const acceptedSchema = z.object({
  type: z.literal('accepted'),
  order: z.object({
    userId: z.string(),
    clientOrderId: z.string(),
    symbol: z.string(),
    side: z.enum(['buy', 'sell']),
    type: z.enum(['limit', 'market']),
    timeInForce: z.enum(['gtc', 'day', 'gtd', 'ioc', 'fok']),
    lots: z.coerce.bigint(),
    priceTicks: z.coerce.bigint().optional(),
    expireMs: z.number().optional(),
  }),
  carrier: z.record(z.string(), z.string()),
  chainCumLots: z.coerce.bigint(),
  origClientOrderId: z.string().optional(),
  state: stateSchema,
});

const lineSchema = z.discriminatedUnion('type', [
  acceptedSchema,
  z.object({ type: z.literal('updated'), key: z.string(), state: stateSchema }),
]);

/**
 * Which client orders are open, in a file that outlives the process: a line of JSON when an order is
 * taken on, and one each time that it changes, written before anybody is told. Lots and ticks are those
 * of the instrument. It is not synced: a kill of the process loses nothing, a loss of power may.
 */
export class OrderJournal {
  /** What an earlier process left open. */
  readonly left: readonly JournaledOrder[];
  readonly #path: string;
  readonly #options: OrderJournalOptions;
  readonly #open: Map<string, JournaledOrder>;
  #file: number | undefined;
  #lines: number;

  /** @throws ThroughlineError `TL_CONFIG_INVALID` when the file cannot be read or written */
  constructor(path: string, options: OrderJournalOptions) {
    this.#path = path;
    this.#options = options;
    try {
      this.#open = readOrders(path);
      this.left = [...this.#open.values()];
      this.#lines = this.left.length;
      this.#file = this.#writeAnew();
    } catch (cause) {
      const text = `--journal ${path}: cannot be read or written`;
      throw new ThroughlineError('TL_CONFIG_INVALID', text, { cause });
    }
  }

  accepted(taken: Omit<JournaledOrder, 'state'>): void {
    const { order, carrier, chainCumLots, origClientOrderId } = taken;
    const state = newOrderState(order.lots);
    const journaled = { order, carrier, chainCumLots, origClientOrderId, state };
    this.#open.set(clientOrderKey(order), journaled);
    this.#append(acceptedLine(journaled));
  }

  updated(ids: OrderIds, state: OrderState): void {
    const key = clientOrderKey(ids);
    const journaled = this.#open.get(key);
    if (!journaled) return;
    if (isTerminal(state.status)) this.#open.delete(key);
    else this.#open.set(key, { ...journaled, state });
    this.#append(toLine({ type: 'updated', key, state }));
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #append(line: string): void {
    if (this.#file === undefined) return;
    const { endedLinesMax = 10_000, onFailure } = this.#options;
    try {
      writeFileSync(this.#file, line);
      this.#lines += 1;
      if (this.#lines <= 2 * this.#open.size + endedLinesMax) return;
      closeSync(this.#file);
      this.#file = this.#writeAnew();
    } catch (error) {
      this.#file = undefined;
      onFailure(error);
    }
  }

  /** Leaves out what has ended. The old file stands until the new one is whole. @returns the new one */
  #writeAnew(): number {
    const next = `${this.#path}.next`;
    const file = openSync(next, 'w', OWNER_ONLY);
    writeFileSync(file, [...this.#open.values()].map(acceptedLine).join(''));
    renameSync(next, this.#path);
    this.#lines = this.#open.size;
    return file;
  }
}

/** By user and order, those that have not ended. A line that a killed process began only is left out. */
function readOrders(path: string): Map<string, JournaledOrder> {
  const open = new Map<string, JournaledOrder>();
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  for (const text of lines) {
    const line = parseLine(text);
    if (line?.type === 'accepted') {
      const { type: _, order, origClientOrderId, ...rest } = line;
      const { priceTicks } = order;
      open.set(clientOrderKey(order), {
        ...rest,
        order: { ...order, priceTicks },
        origClientOrderId,
      });
    } else if (line) {
      const journaled = open.get(line.key);
      if (isTerminal(line.state.status)) open.delete(line.key);
      else if (journaled) open.set(line.key, { ...journaled, state: line.state });
    }
  }
  return open;
}

function parseLine(text: string): z.output<typeof lineSchema> | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function acceptedLine(journaled: JournaledOrder): string {
  return toLine({ type: 'accepted', ...journaled });
}

function toLine(value: object): string {
  const text = JSON.stringify(value, (_key, one) => (typeof one === 'bigint' ? String(one) : one));
  return `${text}\n`;
}
