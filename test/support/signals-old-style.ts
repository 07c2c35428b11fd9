import { randomBytes } from 'node:crypto';
import { connect } from 'nats';

/** What the old-style service received and sent. */
export interface OldStyleSignal {
  readonly signalId: string;
  /** Of the tick that it answers, as it came in the payload. */
  readonly received: string;
  readonly traceId: string;
  /** Of the span that it says it sent the signal in. */
  readonly spanId: string;
}

export interface OldStyleService {
  readonly signals: OldStyleSignal[];
  /** Ticks without context in the payload. */
  readonly without: number;
  stop(): Promise<void>;
}

interface OldStyleTick {
  readonly event_type: string;
  readonly symbol: string;
  readonly price: string;
  readonly _otel_trace_headers?: { readonly traceparent?: string };
}

/**
 * A service of the kind that was there before: it knows no header, no sdk, only the payload's field.
 * It answers the first ticks with signals, continuing their traces by hand.
 */
export async function startOldStyleService(
  url: string,
  signalsMax: number,
): Promise<OldStyleService> {
  const connection = await connect({ servers: url });
  const signals: OldStyleSignal[] = [];
  const state = { without: 0 };
  connection.subscribe('market.data', {
    callback: (_, message) => {
      const tick = message.json<OldStyleTick>();
      const received = tick._otel_trace_headers?.traceparent ?? '';
      const [, traceId, , flags] = received.split('-');
      if (!traceId) state.without += 1;
      else if (tick.event_type === 'trade' && signals.length < signalsMax) {
        const spanId = randomBytes(8).toString('hex');
        const signalId = `old-${tick.symbol}-${signals.length}`;
        signals.push({ signalId, received, traceId, spanId });
        const signal = {
          signal_id: signalId,
          strategy: 'old_style',
          symbol: tick.symbol,
          direction: 'buy',
          confidence: 90,
          entry_price: tick.price,
          time_ms: Date.now(),
          _otel_trace_headers: { traceparent: `00-${traceId}-${spanId}-${flags}` },
        };
        connection.publish('signals.trading', JSON.stringify(signal));
      }
    },
  });
  await connection.flush();
  return {
    signals,
    get without() {
      return state.without;
    },
    stop: () => connection.close(),
  };
}
