import type { TracerProvider } from '@opentelemetry/api';
import { ServiceTracer, type TracerCore } from './service-tracer.ts';

/** Libraries and their versions; one that makes up ever new names gets tracers that are not kept. */
const TRACERS_MAX = 256;

/** Gives the service and every instrumentation library a tracer of its own name. */
export class ServiceTracerProvider implements TracerProvider {
  readonly #core: TracerCore;
  readonly #tracers = new Map<string, ServiceTracer>();

  constructor(core: TracerCore) {
    this.#core = core;
  }

  getTracer(name: string, version?: string): ServiceTracer {
    const key = JSON.stringify([name, version]);
    const known = this.#tracers.get(key);
    if (known) return known;
    const scope = version === undefined ? { name } : { name, version };
    const tracer = new ServiceTracer(this.#core, scope);
    if (this.#tracers.size < TRACERS_MAX) this.#tracers.set(key, tracer);
    return tracer;
  }
}
