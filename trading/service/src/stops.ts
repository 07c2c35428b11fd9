import type { Logger } from 'pino';

type Stop = () => Promise<void> | void;

/** What is to be done at the end of a service, last things first. */
export class Stops {
  readonly #stops: { readonly stop: Stop; readonly deadlineMs: number }[] = [];
  readonly #logger: Logger;
  readonly #deadlineMs: number;

  /** @param deadlineMs that each of them has unless told otherwise; then the next one begins */
  constructor(logger: Logger, deadlineMs: number) {
    this.#logger = logger;
    this.#deadlineMs = deadlineMs;
  }

  add(stop: Stop, deadlineMs = this.#deadlineMs): void {
    this.#stops.push({ stop, deadlineMs });
  }

  /** Never rejects: what fails or hangs is told in the log, and the rest is stopped all the same. */
  async run(): Promise<void> {
    for (let next = this.#stops.pop(); next; next = this.#stops.pop()) {
      const { stop, deadlineMs } = next;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => resolve('late'), deadlineMs);
      });
      try {
        const outcome = await Promise.race([Promise.resolve().then(stop), late]);
        if (outcome === 'late') this.#logger.error(`a stop took over ${deadlineMs} ms`);
      } catch (error) {
        this.#logger.error({ err: error }, 'a stop failed');
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
