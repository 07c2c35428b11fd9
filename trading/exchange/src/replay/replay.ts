import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { ThroughlineError } from '@throughline/model';
import type { Venue } from '../venue/venue.ts';
import { parseFrame, readLines } from './recording.ts';
import { ReplayedBook } from './replayed-book.ts';

export interface ReplayOptions {
  /**
   * A recording: `<local receive time, ns> <combined stream frame>` a line, gzip when it ends in
   * `.gz`.
   */
  readonly path: string;
  /** 1 is the recorded pace, 10 ten times as fast. */
  readonly speed?: number;
}

export interface ReplayStats {
  readonly symbol: string;
  readonly frames: number;
  /** Lines that are no frame of the replayed symbol. */
  readonly linesSkipped: number;
  /** Levels and trades inside good frames that do not fit the instrument. */
  readonly entriesDropped: number;
  /** How often the recording was played to its end. */
  readonly rounds: number;
  /** Why the replay stopped, when it had to. */
  readonly failure: string | undefined;
}

const SPEED_MAX = 10_000;
/** A first good frame must come within so many lines, or the file is no recording. */
const PROBE_LINES_MAX = 1_000;
/** A longer pause in a recording is cut short; a round takes at least as long as the second. */
const PAUSE_MS_MAX = 10_000;
const ROUND_MS_MIN = 1_000;
/** Frames that are played without giving others a turn. */
const FRAMES_PER_TURN_MAX = 256;

/**
 * Plays a recording into the book of its symbol, paced by the recorded receive times, and begins
 * again when it ends. Times on the wire are the exchange's present clock, and ids are its own: a
 * client sees one exchange, not two.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` when the file cannot be read or holds no frame of a
 * known symbol
 */
export async function openReplay(venue: Venue, options: ReplayOptions): Promise<Replay> {
  const { path, speed = 1 } = options;
  if (!(speed > 0 && speed <= SPEED_MAX)) {
    throw new ThroughlineError('TL_CONFIG_INVALID', `replay speed must be up to ${SPEED_MAX}`);
  }
  const symbol = await probe(path);
  if (symbol === undefined || !venue.markets.has(symbol)) {
    throw new ThroughlineError('TL_CONFIG_INVALID', `${path} holds no frames of a known symbol`, {
      hint: 'Each line is <nanoseconds> <Binance combined-stream frame>.',
    });
  }
  return new Replay(venue, symbol, path, speed);
}

async function probe(path: string): Promise<string | undefined> {
  let lines = 0;
  try {
    for await (const line of readLines(path)) {
      const frame = parseFrame(line);
      if (frame) return frame.data.s;
      lines += 1;
      if (lines >= PROBE_LINES_MAX) return undefined;
    }
  } catch (cause) {
    throw new ThroughlineError('TL_CONFIG_INVALID', `cannot read recording ${path}`, { cause });
  }
  return undefined;
}

/** A recording being played. See {@link openReplay}. */
class Replay {
  readonly symbol: string;
  readonly #path: string;
  readonly #speed: number;
  readonly #book: ReplayedBook;
  readonly #stop = new AbortController();
  #finished: Promise<void> = Promise.resolve();
  #frames = 0;
  #linesSkipped = 0;
  #rounds = 0;
  #failure: string | undefined;

  constructor(venue: Venue, symbol: string, path: string, speed: number) {
    this.symbol = symbol;
    this.#path = path;
    this.#speed = speed;
    this.#book = new ReplayedBook(venue.market(symbol), () => venue.nextOrderId());
  }

  stats(): ReplayStats {
    return {
      symbol: this.symbol,
      frames: this.#frames,
      linesSkipped: this.#linesSkipped,
      entriesDropped: this.#book.dropped,
      rounds: this.#rounds,
      failure: this.#failure,
    };
  }

  start(): void {
    this.#finished = this.#play().catch((error: unknown) => {
      // Stopping aborts the pause that the replay is in; anything else is told in the stats.
      if (!this.#stop.signal.aborted) this.#failure = String(error);
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#finished;
  }

  async #play(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const startMs = performance.now();
      await this.#playOnce();
      this.#rounds += 1;
      await this.#pause(startMs + ROUND_MS_MIN - performance.now());
    }
  }

  async #playOnce(): Promise<void> {
    let previousNs: bigint | undefined;
    let dueMs = performance.now();
    for await (const line of readLines(this.#path)) {
      this.#stop.signal.throwIfAborted();
      const frame = parseFrame(line);
      if (frame?.data.s !== this.symbol) {
        this.#linesSkipped += 1;
        continue;
      }
      if (previousNs === undefined) this.#book.clear();
      const stepMs = Number(frame.receivedNs - (previousNs ?? frame.receivedNs)) / 1e6;
      previousNs = frame.receivedNs;
      dueMs += Math.min(Math.max(stepMs, 0), PAUSE_MS_MAX) / this.#speed;
      await this.#pause(dueMs - performance.now());
      this.#book.apply(frame.data);
      this.#frames += 1;
      if (this.#frames % FRAMES_PER_TURN_MAX === 0) await nextTurn();
    }
  }

  async #pause(ms: number): Promise<void> {
    // Timers count whole milliseconds; frames closer than that are played together.
    if (ms >= 1) await sleep(ms, undefined, { signal: this.#stop.signal });
  }
}
