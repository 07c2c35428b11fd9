import type { SpanContext, TraceState } from '@opentelemetry/api';

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const SLOT_BYTES = TRACE_ID_BYTES + SPAN_ID_BYTES;
const FLAGS_MASK = 0xff;
const REMOTE = 0x100;

/**
 * Span contexts by slot in 26 bytes each. As objects they would be ten times that, a burden for the
 * garbage collector, and might keep alive the message whose text their ids were cut from.
 */
export class SpanContextSlots {
  readonly #ids: Buffer;
  readonly #flags: Uint16Array;
  /** Few spans have one. */
  readonly #traceStates = new Map<number, TraceState>();

  constructor(slotsMax: number) {
    this.#ids = Buffer.alloc(slotsMax * SLOT_BYTES);
    this.#flags = new Uint16Array(slotsMax);
  }

  /** A context whose ids are not hexadecimal is read as one that is not valid: all zeros. */
  write(slot: number, { traceId, spanId, traceFlags, isRemote, traceState }: SpanContext): void {
    const at = slot * SLOT_BYTES;
    const written =
      this.#ids.write(traceId, at, TRACE_ID_BYTES, 'hex') +
      this.#ids.write(spanId, at + TRACE_ID_BYTES, SPAN_ID_BYTES, 'hex');
    if (written !== SLOT_BYTES) this.#ids.fill(0, at, at + SLOT_BYTES);
    this.#flags[slot] = (traceFlags & FLAGS_MASK) | (isRemote ? REMOTE : 0);
    if (traceState) this.#traceStates.set(slot, traceState);
    else this.#traceStates.delete(slot);
  }

  read(slot: number): SpanContext {
    const at = slot * SLOT_BYTES;
    const flags = this.#flags[slot] ?? 0;
    const spanContext: SpanContext = {
      traceId: this.#ids.toString('hex', at, at + TRACE_ID_BYTES),
      spanId: this.#ids.toString('hex', at + TRACE_ID_BYTES, at + SLOT_BYTES),
      traceFlags: flags & FLAGS_MASK,
    };
    if (flags & REMOTE) spanContext.isRemote = true;
    const traceState = this.#traceStates.size === 0 ? undefined : this.#traceStates.get(slot);
    if (traceState) spanContext.traceState = traceState;
    return spanContext;
  }

  /** Lets go of what the garbage collector would have to keep. */
  clear(slot: number): void {
    this.#traceStates.delete(slot);
  }
}
