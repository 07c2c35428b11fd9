import { access } from 'node:fs/promises';
import { parseFrame, type RecordedData, readLines } from '@throughline/exchange';
import { NS_PER_MS, ThroughlineError } from '@throughline/model';
import { type Tick, tickSchema } from '../messages.ts';
import type { ProcessParts } from '../process-parts.ts';
import { sleepUnlessAborted } from '../transport/sleep.ts';
import type { MarketSource, OnTick } from './market-source.ts';

export interface RecordingOptions {
  /** A recording of combined stream frames; gzip when it ends in `.gz`. */
  readonly path: string;
  /** 1: as fast as it was recorded. */
  readonly speed: number;
}

/**
 * The trades of a recording, once, in their own rhythm. They get the times at which they would be
 * received now, so that what follows is as fresh as live data; the distances stay those recorded.
 */
export class Recording implements MarketSource {
  readonly #parts: Pick<ProcessParts, 'logger'>;
  readonly #options: RecordingOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(parts: Pick<ProcessParts, 'logger'>, options: RecordingOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** @throws ThroughlineError `TL_CONFIG_INVALID` when the file cannot be read */
  async start(onTick: OnTick): Promise<void> {
    const { path } = this.#options;
    await access(path).catch((cause: unknown) => {
      throw new ThroughlineError('TL_CONFIG_INVALID', `--replay ${path} cannot be read`, { cause });
    });
    this.#running = this.#replay(onTick);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #replay(onTick: OnTick): Promise<void> {
    const { logger } = this.#parts;
    const { path, speed } = this.#options;
    const { signal } = this.#stopping;
    const startMs = Date.now();
    let firstNs: bigint | undefined;
    let ticks = 0;
    try {
      for await (const line of readLines(path)) {
        if (signal.aborted) return;
        const frame = parseFrame(line);
        if (!frame) continue;
        firstNs ??= frame.receivedNs;
        const dueMs = startMs + Number(frame.receivedNs - firstNs) / Number(NS_PER_MS) / speed;
        if (dueMs > Date.now()) await sleepUnlessAborted(dueMs - Date.now(), signal);
        const tick = tickOf(frame.data, Math.round(dueMs));
        if (!tick || signal.aborted) continue;
        ticks += 1;
        onTick(tick);
      }
      logger.info({ ticks, path }, 'the recording is at its end');
    } catch (error) {
      logger.error({ err: error, path }, 'the recording cannot be read on');
    }
  }
}

/** Trades only: what the recording's reader keeps of quotes has no prices. */
function tickOf(data: RecordedData, timeMs: number): Tick | undefined {
  if (data.e !== 'trade') return undefined;
  const { s: symbol, p: price, q: quantity } = data;
  const tick = { event_type: 'trade', symbol, time_ms: timeMs, price, quantity };
  return tickSchema.safeParse(tick).data;
}
