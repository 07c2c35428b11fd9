import { clickhouseCode } from '../engine/engine-errors.ts';

const ASK_EVERY_MS = 5_000;
/** An outage ends soon after the cluster is back. */
const ASK_AGAIN_MS = 1_000;
const ANSWER_MS_MAX = 5_000;

export interface ReachabilityOptions {
  /** Asks for something small, until the signal says that it takes too long. */
  ask: (signal: AbortSignal) => Promise<{ close(): void }>;
  /** Who is asked, for the warnings. */
  what: string;
  onWarning: (message: string) => void;
}

/**
 * Whether somebody else's server answers: learned from every request, and asked for while there are
 * none.
 */
export class Reachability {
  readonly #options: ReachabilityOptions;
  #state: 'starting' | 'ready' | 'restarting' | 'stopped' = 'starting';
  #outages = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ReachabilityOptions) {
    this.#options = options;
  }

  /** `restarting` is an outage: whoever restarts it. */
  get state(): 'starting' | 'ready' | 'restarting' | 'stopped' {
    return this.#state;
  }

  get outages(): number {
    return this.#outages;
  }

  start(): void {
    this.#state = 'ready';
    this.#askLater();
  }

  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
  }

  answered(): void {
    if (this.#state !== 'restarting') return;
    this.#state = 'ready';
    this.#options.onWarning(`${this.#options.what} answers again`);
  }

  failed(cause: unknown): void {
    if (this.#state !== 'ready') return;
    this.#state = 'restarting';
    this.#outages += 1;
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    this.#options.onWarning(`${this.#options.what} does not answer: ${reason}`);
  }

  #askLater(): void {
    if (this.#state === 'stopped') return;
    const waitMs = this.#state === 'restarting' ? ASK_AGAIN_MS : ASK_EVERY_MS;
    this.#timer = setTimeout(() => void this.#ask(), waitMs).unref();
  }

  async #ask(): Promise<void> {
    try {
      const result = await this.#options.ask(AbortSignal.timeout(ANSWER_MS_MAX));
      result.close();
      this.answered();
    } catch (error) {
      if (clickhouseCode(error) === undefined) this.failed(error);
      else this.answered();
    }
    this.#askLater();
  }
}
