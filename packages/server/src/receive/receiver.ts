import type { FastifyBaseLogger } from 'fastify';
import type { AccessCheck } from '../access.ts';
import type { TlsFiles } from '../tls.ts';
import type { BytesInFlight } from './body.ts';
import type { ReceiverCounters } from './counters.ts';

/**
 * What every receiver is made from. A receiver makes one `ExportTraceServiceRequest` in protobuf of
 * each request of its protocol, has it checked (`admit` or `checkOtlpWire`), gives it to `append`,
 * answers only then, and counts every request once: as accepted or as refused.
 */
export interface ReceiverOptions {
  /**
   * Keeps one wire-checked `ExportTraceServiceRequest`; resolves when it is durable. Throws
   * `TL_OVERLOADED` or `TL_JOURNAL_FAILED` to have the sender come again. Either way the record is read
   * no more: its memory is given back.
   */
  append(record: Uint8Array, spanCount: number): Promise<void>;
  /** Those of this receiver. */
  counters: ReceiverCounters;
  /** Shared by all receivers: what they hold in memory together is bounded. */
  inFlight: BytesInFlight;
  /** Throws `TL_UNAUTHORIZED` or `TL_FORBIDDEN_HOST` when these request headers may not come in. */
  access: AccessCheck;
  /** Present when the server speaks TLS. */
  tls: TlsFiles | undefined;
  /** Of one body after decompression. Default: 64 MiB, which the OTLP specification recommends. */
  bodyBytesMax?: number;
  /** Gets what the sender cannot see: the causes of internal errors. */
  logger: FastifyBaseLogger;
}

export interface Receiver {
  /**
   * Starts to listen.
   *
   * @param port 0 picks a free one
   * @returns the port
   * @throws ThroughlineError `TL_PORT_IN_USE`, or `TL_CONFIG_INVALID` for a host that is not ours
   */
  listen(host: string, port: number): Promise<number>;
  /** Stops taking requests; those under way are answered, for at most 5 s. */
  close(): Promise<void>;
}
