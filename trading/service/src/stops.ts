import type { Logger } from 'pino';

type Stop = () => Promise<void> | void;

/** What is to be done at the end of a service, last things first. */
export class Stops {
  readonly #stops: Stop[] = [];
  readonly #logger: Logger;
  readonly #deadlineMs: number;

  /** @param deadlineMs that each of them has; the next one begins when it is over */
  constructor(logger: Logger, deadlineMs: number) {
    this.#logger = logger;
    this.#deadlineMs = deadlineMs;
  }

  add(stop: Stop): void {
    this.#stops.push(stop);
  }

  /** Never rejects: what fails or hangs is told in the log, and the rest is stopped all the same. */
  async run(): Promise<void> {
    for (let stop = this.#stops.pop(); stop; stop = this.#stops.pop()) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => resolve('late'), this.#deadlineMs);
      });
      try {
        const outcome = await Promise.race([Promise.resolve().then(stop), late]);
        if (outcome === 'late') this.#logger.error(`a stop took over ${this.#deadlineMs} ms`);
      } catch (error) {
        this.#logger.error({ err: error }, 'a stop failed');
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
