import type { Tracer } from '@opentelemetry/api';
import type { RegistryOptions, RegistryStats, SpanContextRegistry } from '../causality/registry.ts';
import type { ExportQueue, ExportStats } from '../export/export-queue.ts';
import type { MessageCounts } from '../messaging/message-counts.ts';
import type { CarrierPropagator } from '../propagation/propagator.ts';

/**
 * What one service's tracing did so far. At every moment
 * `exported + dropped.* + queued === ended + relayed`, each counted in spans.
 */
export interface TracingStats extends ExportStats {
  /** Recorded spans, whether ended or still open. Spans that sampling left out are not in here. */
  readonly started: number;
  readonly ended: number;
  readonly messages: Readonly<MessageCounts>;
  /** The sums over all registries of this tracing. */
  readonly registries: RegistryStats;
}

/**
 * The tracing of one service. Several may live in one process, and in one thread: nothing but the
 * context manager is shared. No method throws, and none waits longer than its deadline.
 */
export interface Tracing {
  /** `false`: every call works, makes no span, and puts nothing into any message. */
  readonly enabled: boolean;
  readonly serviceName: string;
  readonly tracer: Tracer;
  readonly propagator: CarrierPropagator;
  /** Links that one span keeps; fan-in puts the others onto supplement spans. */
  readonly linkCountLimit: number;
  /** Where ended spans wait for their way out. `undefined` when tracing is disabled. */
  readonly exportQueue: ExportQueue | undefined;
  /** Counted by the messaging helpers; see {@link TracingStats.messages}. */
  readonly messageCounts: MessageCounts;
  /** A bounded registry whose misses and evictions appear in {@link Tracing.stats}. */
  createRegistry(options?: RegistryOptions): SpanContextRegistry;
  stats(): TracingStats;
  /**
   * Sends everything that ended before the call.
   *
   * @returns whether nothing was left when the deadline came; `false` says nothing about what
   * follows
   */
  flush(timeoutMs?: number): Promise<boolean>;
  /**
   * Hands ended spans to the relay without the event loop: for a thread that blocks in a
   * synchronous loop, to be called whenever it is idle. Without a relay the batches are only made
   * ready.
   */
  flushSync(): void;
  /**
   * Flushes, then drops (and counts) what is left. Idempotent. @returns as {@link Tracing.flush}
   */
  shutdown(timeoutMs?: number): Promise<boolean>;
}
