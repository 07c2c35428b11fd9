import { metricsText, metricsTextByService, type TracingStats } from '@throughline/sdk';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** One value of a metric that is counted elsewhere. */
export interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

type ReadSamples = () => readonly Sample[];

/** The service's own metrics, served at /metrics beside those of the sdk and of Node. */
export class ServiceMetrics {
  readonly #registry = new Registry();
  /** By service: several services may share a process, and services may be threads. */
  readonly #tracings = new Map<string, () => TracingStats | undefined>();

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

  /** A counter of what the service counts anyway, read whenever somebody asks for it. */
  counterOf(name: string, help: string, labelNames: readonly string[], read: ReadSamples): void {
    const registers = [this.#registry];
    const collect = () => {
      counter.reset();
      for (const { labels = {}, value } of read()) counter.inc(labels, value);
    };
    const counter: Counter = new Counter({ name, help, labelNames, registers, collect });
  }

  /** A gauge of what the service knows anyway, read whenever somebody asks for it. */
  gaugeOf(name: string, help: string, labelNames: readonly string[], read: ReadSamples): void {
    const registers = [this.#registry];
    const collect = () => {
      gauge.reset();
      for (const { labels = {}, value } of read()) gauge.set(labels, value);
    };
    const gauge: Gauge = new Gauge({ name, help, labelNames, registers, collect });
  }

  /**
   * Serves the sdk's metrics of a tracing in this process. Of several each has the label `service`.
   *
   * @param stats undefined as long as nothing is known of it
   */
  addTracing(serviceName: string, stats: () => TracingStats | undefined): void {
    this.#tracings.set(serviceName, stats);
  }

  /** In Prometheus' text format. */
  async text(): Promise<string> {
    const known = [...this.#tracings].flatMap(([name, read]): [string, TracingStats][] => {
      const stats = read();
      return stats ? [[name, stats]] : [];
    });
    const [only] = this.#tracings.size === 1 ? known : [];
    const ofSdk = only
      ? metricsText({ stats: () => only[1] })
      : metricsTextByService(Object.fromEntries(known));
    return `${await this.#registry.metrics()}\n${ofSdk}`;
  }

  /** Stops what watches the process. */
  close(): void {
    this.#registry.clear();
  }
}
