import { type RegistryOptions, type RegistryStats, SpanContextRegistry } from './registry.ts';

/** The registries of one service, which report as one. */
export class RegistrySet {
  readonly #registries: SpanContextRegistry[] = [];

  create(options?: RegistryOptions): SpanContextRegistry {
    const registry = new SpanContextRegistry(options);
    this.#registries.push(registry);
    return registry;
  }

  stats(): RegistryStats {
    const sum = { size: 0, hits: 0, misses: 0, evictedBySize: 0, evictedByAge: 0 };
    for (const registry of this.#registries) {
      const stats = registry.stats();
      sum.size += stats.size;
      sum.hits += stats.hits;
      sum.misses += stats.misses;
      sum.evictedBySize += stats.evictedBySize;
      sum.evictedByAge += stats.evictedByAge;
    }
    return sum;
  }
}
