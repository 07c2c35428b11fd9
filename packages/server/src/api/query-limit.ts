import { ThroughlineError } from '@throughline/model';
import type { FastifyInstance } from 'fastify';

/** Requests that read from the store at once, over all readers. */
const RUNNING_MAX = 8;
/** Requests that wait for one of these to end, and for how long. */
const WAITING_MAX = 64;
const WAIT_MAX_MS = 5_000;

export interface QueryLimitOptions {
  runningMax?: number;
  waitingMax?: number;
  waitMaxMs?: number;
}

/**
 * Bounds what queries take together. The engine answers them one after the other anyway: more at once
 * would only hold more memory, and each would wait longer.
 */
export class QueryLimit {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  readonly #waitMaxMs: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(options: QueryLimitOptions = {}) {
    this.#runningMax = options.runningMax ?? RUNNING_MAX;
    this.#waitingMax = options.waitingMax ?? WAITING_MAX;
    this.#waitMaxMs = options.waitMaxMs ?? WAIT_MAX_MS;
  }

  /**
   * Has every route of this scope that is added from now on wait its turn. A turn ends when the handler
   * has ended, even when nobody waits for its answer any more.
   */
  bound(scope: FastifyInstance): void {
    scope.addHook('onRoute', (route) => {
      const { handler } = route;
      route.handler = (request, reply) => this.run(async () => handler.call(scope, request, reply));
    });
  }

  /**
   * Runs the work when its turn has come.
   *
   * @throws ThroughlineError `TL_OVERLOADED` when too many wait already, or it waited too long
   */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#runningMax) await this.#turn();
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      if (next) next();
      else this.#running -= 1;
    }
  }

  /** Resolves with the place of a query that has ended. */
  #turn(): Promise<void> {
    if (this.#waiting.size >= this.#waitingMax) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      const begin = () => {
        clearTimeout(timer);
        this.#waiting.delete(begin);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(begin);
        reject(overloaded());
      }, this.#waitMaxMs);
      this.#waiting.add(begin);
    });
  }
}

function overloaded(): ThroughlineError {
  return new ThroughlineError('TL_OVERLOADED', 'too many queries at once', {
    hint: 'Ask again in a second.',
  });
}
