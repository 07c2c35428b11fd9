import { once } from 'node:events';
import { type MessagePort, Worker } from 'node:worker_threads';
import { ThroughlineError } from '@throughline/model';
import type { TracingStats } from '@throughline/sdk';
import type { WorkerReport } from './synchronous-loop.ts';

export interface ServiceThreadOptions {
  /** Called when the thread ends by an error. */
  readonly onFailure: (error: ThroughlineError) => void;
  readonly log: (fields: object, message: string) => void;
}

/** The thread of a synchronous service, seen from the thread that started it. */
export class ServiceThread {
  readonly #name: string;
  readonly #log: ServiceThreadOptions['log'];
  readonly #worker: Worker;
  readonly #ready = Promise.withResolvers<void>();
  readonly #exited: Promise<unknown>;
  #tracing: TracingStats | undefined;
  #failures = 0;

  /** @param module of the thread, which calls `runSynchronously` */
  constructor(
    name: string,
    module: URL,
    workerData: object,
    transferList: readonly MessagePort[],
    { onFailure, log }: ServiceThreadOptions,
  ) {
    this.#name = name;
    this.#log = log;
    this.#worker = new Worker(module, { name, workerData, transferList: [...transferList] });
    this.#exited = once(this.#worker, 'exit');
    this.#worker.on('message', (report: WorkerReport) => this.#onReport(report));
    this.#worker.on('error', (cause) => {
      const error = new ThroughlineError('TL_INTERNAL', `the thread of ${name} failed`, { cause });
      this.#ready.reject(error);
      onFailure(error);
    });
  }

  /** As of its last report, at most a few seconds old; final after {@link end}. */
  stats(): { readonly tracing: TracingStats | undefined; readonly failures: number } {
    return { tracing: this.#tracing, failures: this.#failures };
  }

  /** @throws ThroughlineError `TL_INTERNAL` when the thread fails before it is ready */
  async whenReady(): Promise<void> {
    await this.#ready.promise;
  }

  /**
   * Waits for the thread to end by itself, since its channel is closed; ends it at the deadline.
   */
  async end(timeoutMs: number): Promise<void> {
    const deadline = setTimeout(() => {
      this.#log(
        { service: this.#name, timeoutMs },
        'the thread did not end in time: it is cut off',
      );
      void this.#worker.terminate();
    }, timeoutMs);
    await this.#exited;
    clearTimeout(deadline);
  }

  #onReport(report: WorkerReport): void {
    if (report.type === 'ready') {
      this.#ready.resolve();
    } else if (report.type === 'failure') {
      const { error: err } = report;
      this.#log({ service: this.#name, err }, 'a message could not be processed');
    } else {
      this.#tracing = report.tracing;
      this.#failures = report.failures;
    }
  }
}
