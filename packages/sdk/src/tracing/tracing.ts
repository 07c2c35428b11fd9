import type { RegistryOptions, SpanContextRegistry } from '../causality/registry.ts';
import type { RegistryBackend } from '../causality/registry-backend.ts';
import type {
  SharedRegistry,
  SharedRegistryOptions,
  SharedRegistryStats,
} from '../causality/shared-registry.ts';
import type { ExportQueue, ExportStats } from '../export/export-queue.ts';
import type { MessageCounts } from '../messaging/message-counts.ts';
import type { AttributeRedactor } from '../privacy/attribute-redactor.ts';
import type { CarrierPropagator } from '../propagation/propagator.ts';
import type { MessageTracer } from './message-tracer.ts';

/**
 * What one service's tracing did so far. At every moment
 * `exported + dropped.* + queued === ended + relayed`, each counted in spans.
 */
export interface TracingStats extends ExportStats {
  /** Recorded spans, whether ended or still open. Spans that sampling left out are not in here. */
  readonly started: number;
  readonly ended: number;
  /** Links that did not fit on spans that ended (`limits.linkCountMax`). */
  readonly linksDropped: number;
  /** What `queued` and `queuedBytes` may come to. */
  readonly queueSpansMax: number;
  readonly queueBytesMax: number;
  readonly messages: Readonly<MessageCounts>;
  /** The sums over all registries of this tracing. */
  readonly registries: SharedRegistryStats;
}

/**
 * The tracing of one service. Several may live in one process, and in one thread: nothing but the
 * context manager is shared. No method throws, and none waits longer than its deadline.
 */
export interface Tracing {
  /** `false`: every call works, makes no span, and puts nothing into any message. */
  readonly enabled: boolean;
  readonly serviceName: string;
  readonly tracer: MessageTracer;
  readonly propagator: CarrierPropagator;
  /** Hides what must not leave, by this tracing's rules. */
  readonly redactor: AttributeRedactor;
  /** Links that one span keeps; fan-in puts the others onto supplement spans. */
  readonly linkCountLimit: number;
  /** Where ended spans wait for their way out. `undefined` when tracing is disabled. */
  readonly exportQueue: ExportQueue | undefined;
  /** Counted by the messaging helpers; see {@link TracingStats.messages}. */
  readonly messageCounts: MessageCounts;
  /** A bounded registry whose misses and evictions appear in {@link Tracing.stats}. */
  createRegistry(options?: RegistryOptions): SpanContextRegistry;
  /**
   * A registry whose entries other instances of the service find as well, through a store that they
   * share. What a disabled tracing makes asks no store.
   */
  createSharedRegistry(backend: RegistryBackend, options?: SharedRegistryOptions): SharedRegistry;
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
   * synchronous loop, to be called whenever it is idle. Does nothing without a relay: sending needs
   * the event loop.
   */
  flushSync(): void;
  /**
   * Flushes, then drops (and counts) what is left. Idempotent. @returns as {@link Tracing.flush}
   */
  shutdown(timeoutMs?: number): Promise<boolean>;
}
