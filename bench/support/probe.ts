import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeRequest, otlpSpan } from '../../packages/store/src/testing/otlp.ts';
import type { Collector } from './collectors/collector.ts';
import { destinationOf } from './destination.ts';

const INTERVAL_MS = 1_000;
/** A question costs the server some milliseconds: waits are told to a tenth, or to this. */
const ASK_MS = 100;
const DEADLINE_MS = 60_000;

/** Sends one small trace a second and asks for it until it is there, one after the other. */
export class Probe {
  /** From the acknowledgement until a question found it. */
  readonly waitsMs: number[] = [];
  /** Traces that were acknowledged and not found in a minute. */
  missing = 0;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(collector: Collector) {
    this.#running = this.#run(collector);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run({ otlpHttp, spansOfTrace }: Collector): Promise<void> {
    if (spansOfTrace === undefined) return;
    const destination = destinationOf({ protocol: 'otlp-http', endpoint: otlpHttp });
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const traceId = randomBytes(16);
      const body = Buffer.from(encodeRequest([otlpSpan({ trace_id: traceId })]));
      const refused = await destination.send(body);
      if (refused === undefined) await this.#ask(spansOfTrace, traceId.toString('hex'));
      await delay(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
    destination.close();
  }

  async #ask(spansOfTrace: (traceId: string) => Promise<number>, traceId: string): Promise<void> {
    const ackedMs = performance.now();
    while (performance.now() - ackedMs < DEADLINE_MS) {
      if ((await spansOfTrace(traceId)) > 0) {
        this.waitsMs.push(performance.now() - ackedMs);
        return;
      }
      await delay(Math.max(ASK_MS, (performance.now() - ackedMs) / 10));
    }
    this.missing += 1;
  }
}
