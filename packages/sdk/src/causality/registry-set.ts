import { type RegistryOptions, SpanContextRegistry } from './registry.ts';
import type { RegistryBackend } from './registry-backend.ts';
import {
  SharedRegistry,
  type SharedRegistryOptions,
  type SharedRegistryStats,
} from './shared-registry.ts';

/** The registries of one service, which report as one. */
export class RegistrySet {
  readonly #registries: (SpanContextRegistry | SharedRegistry)[] = [];

  create(options?: RegistryOptions): SpanContextRegistry {
    const registry = new SpanContextRegistry(options);
    this.#registries.push(registry);
    return registry;
  }

  createShared(backend: RegistryBackend, options?: SharedRegistryOptions): SharedRegistry {
    const registry = new SharedRegistry(backend, options);
    this.#registries.push(registry);
    return registry;
  }

  stats(): SharedRegistryStats {
    const sum = {
      ...{ size: 0, hits: 0, misses: 0, evictedBySize: 0, evictedByAge: 0 },
      ...{ sharedHits: 0, sharedMisses: 0, sharedErrors: 0 },
      ...{ writes: 0, writesFailed: 0, writesDropped: 0, writesQueued: 0 },
    };
    for (const registry of this.#registries) {
      for (const [name, count] of Object.entries(registry.stats())) {
        sum[name as keyof typeof sum] += count;
      }
    }
    return sum;
  }
}
