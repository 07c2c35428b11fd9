import { ClickHouseException } from './exceptions.ts';

/** Lets so many run, so many wait, and refuses the others. */
export class Slots {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(runningMax: number, waitingMax: number) {
    this.#runningMax = runningMax;
    this.#waitingMax = waitingMax;
  }

  /**
   * Waits for a slot.
   *
   * @returns what gives it back
   * @throws ClickHouseException TOO_MANY_SIMULTANEOUS_QUERIES
   */
  async take(): Promise<() => void> {
    if (this.#running >= this.#runningMax) {
      if (this.#waiting.length >= this.#waitingMax) {
        throw new ClickHouseException(
          'TOO_MANY_SIMULTANEOUS_QUERIES',
          `Too many simultaneous queries. Maximum: ${this.#runningMax + this.#waitingMax}.`,
        );
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    return () => {
      // The slot goes to the next one as it is.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    };
  }
}
