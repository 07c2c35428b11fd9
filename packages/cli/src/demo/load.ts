import { Subprocess, scriptCommand } from '@throughline/process';
import { z } from 'zod';
import { inheritedEnvironment } from '../config.ts';

const progressSchema = z.object({
  sent: z.number(),
  final: z.number(),
  byStatus: z.record(z.string(), z.number()),
});
export type LoadProgress = z.output<typeof progressSchema>;

const clientOrderSchema = z.object({
  user_id: z.string(),
  client_order_id: z.string(),
  status: z.string(),
  cum_quantity: z.string(),
});
/** An order as its client saw it end. */
export type ClientOrder = z.output<typeof clientOrderSchema>;

const doneSchema = z.object({ done: z.literal(true), orders: z.array(clientOrderSchema) });

export interface LoadOptions {
  wsUrl: string;
  exchangeRestUrl: string;
  orders: number;
  /** Client orders a second. */
  rate: number;
  seed: number;
}

/** Client orders still open this long after the last was sent are given up. */
const DRAIN_MS = 60_000;

/** Many clients that send orders and wait until each has ended. */
export class Load {
  readonly #process: Subprocess;
  readonly #deadlineMs: number;

  constructor({ wsUrl, exchangeRestUrl, orders, rate, seed }: LoadOptions) {
    this.#deadlineMs = (orders / rate) * 1000 + DRAIN_MS;
    const args = [
      ...['--url', wsUrl, '--exchange-rest', exchangeRestUrl],
      ...['--orders', `${orders}`, '--rate', `${rate}`, '--seed', `${seed}`],
    ];
    this.#process = new Subprocess(scriptCommand('trading/orders/src/load/main.ts', args), {
      name: 'load generator',
      environment: inheritedEnvironment(),
    });
  }

  /** Resolves when every order has ended. */
  async finish(onProgress: (progress: LoadProgress) => void): Promise<ClientOrder[]> {
    const done = await this.#process.until((line) => {
      const progress = progressSchema.safeParse(line).data;
      if (progress) onProgress(progress);
      return doneSchema.safeParse(line).data;
    }, this.#deadlineMs);
    return done.orders;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
