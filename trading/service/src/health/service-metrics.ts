import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** The service's own metrics, served at /metrics beside those of the sdk and of Node. */
export class ServiceMetrics {
  readonly #registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** @param name in Prometheus' form, ending in `_total` */
  counter<Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  /** @param name in Prometheus' form, with its unit: `book_levels`, `queue_bytes` */
  gauge<Label extends string = never>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Stops what watches the process. */
  close(): void {
    this.#registry.clear();
  }
}
