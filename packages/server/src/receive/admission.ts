import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, ThroughlineError } from '@throughline/model';
import { FORMATS, type FormatName } from './formats.ts';
import { type Admitted, rejectedOf } from './otlp-wire.ts';

/** The worst bodies at their limits take a few seconds. */
const TIMEOUT_MS = 30_000;
/**
 * Far more than the worst JSON needs, which is thirty times its size: where a heap really ends, the
 * whole process does. So it is the size of JSON bodies that bounds the memory.
 */
const WORKER_HEAP_MIB_MAX = 2_048;
/** Of a body after decompression in any format but protobuf, which has the receiver's own limit. */
export const TRANSLATED_BYTES_MAX = 16 * 2 ** 20;
/** After which the thread gives its memory back. */
const IDLE_MS = 10_000;

/** A request to the worker: the body, whose memory goes over to it. */
export interface AdmissionTask {
  bytes: Uint8Array;
  format: FormatName;
}

/** Its answer: what it throws or returns, as what can go from thread to thread. */
export type AdmissionResult =
  | { record: Uint8Array; spanCount: number; rejected?: { spans: number; error: PlainError } }
  | { error: PlainError };

interface PlainError {
  code: ErrorCode;
  message: string;
  hint: string | undefined;
}

/**
 * Admits requests in any format: small ones at once, large ones in a thread of its own, one
 * after the other, so that they do not hold up all others. The thread is started for the first large
 * one.
 */
export class Admission {
  readonly #timeoutMs: number;
  #worker: Worker | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  /** Settles when the worker is free. */
  #free: Promise<unknown> = Promise.resolve();

  /** @param timeoutMs of one large request in the thread */
  constructor(timeoutMs = TIMEOUT_MS) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * @param bytes alone in their memory, which is given away when they are many
   * @throws ThroughlineError as the format does; `TL_OTLP_TOO_LARGE` also for a body that
   *   takes too long
   */
  async admit(bytes: Uint8Array, format: FormatName): Promise<Admitted> {
    const { admit, inlineBytesMax } = FORMATS[format];
    if (bytes.length <= inlineBytesMax) return admit(bytes);
    const admitted = this.#free.then(() => this.#admitInWorker({ bytes, format }));
    this.#free = admitted.catch(() => undefined);
    return admitted;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idleTimer);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #admitInWorker(task: AdmissionTask): Promise<Admitted> {
    clearTimeout(this.#idleTimer);
    this.#worker ??= startWorker();
    try {
      const answered = once(this.#worker, 'message', {
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      this.#worker.postMessage(task, [task.bytes.buffer as ArrayBuffer]);
      const [result] = (await answered) as [AdmissionResult];
      this.#idleTimer = setTimeout(() => this.close(), IDLE_MS).unref();
      return admittedOf(result);
    } catch (cause) {
      if (cause instanceof ThroughlineError) throw cause;
      await this.close();
      if ((cause as Error).name !== 'AbortError') throw cause;
      const message = `the body takes longer than ${this.#timeoutMs} ms to read`;
      const hint = 'Send smaller batches, or protobuf.';
      throw new ThroughlineError('TL_OTLP_TOO_LARGE', message, { hint, cause });
    }
  }
}

function startWorker(): Worker {
  const worker = new Worker(new URL('./admission-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MIB_MAX },
  });
  // Waiting for it does not keep the process alive, and whoever waits hears of its end.
  worker.unref();
  worker.on('error', () => undefined);
  return worker;
}

function admittedOf(result: AdmissionResult): Admitted {
  if ('error' in result) throw errorOf(result.error);
  const { record, spanCount, rejected } = result;
  if (rejected === undefined) return { record, spanCount, rejected };
  const { spans, error } = rejected;
  return { record, spanCount, rejected: rejectedOf(spans, spanCount + spans, errorOf(error)) };
}

function errorOf({ code, message, hint }: PlainError): ThroughlineError {
  return new ThroughlineError(code, message, hint === undefined ? {} : { hint });
}
