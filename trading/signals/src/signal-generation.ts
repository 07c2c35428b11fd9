import { context } from '@opentelemetry/api';
import { ATTR, WORKFLOW_SPAN } from '@throughline/model';
import { type Tracing, withBusinessIds } from '@throughline/sdk';
import type { Decision } from './domain/strategies/strategy.ts';
import { inSpan } from './in-span.ts';
import { type Signal, SUBJECT } from './messages.ts';
import type { Transport } from './transport/transport.ts';

/** What a strategy looks at. */
export interface Occasion {
  readonly strategy: string;
  readonly symbol: string;
  /** Of the market now, as it came. */
  readonly price: string;
  readonly timeMs: number;
  /** What makes the occasion different from all others of this strategy and symbol. */
  readonly id: string;
  /** That the strategy has seen of this symbol, this time included, if it looks at candles. */
  readonly candlesCount?: number;
}

/**
 * Lets a strategy decide, in its span `signal_generation.<strategy>`, and publishes the signal if
 * there is one: below that span, with the strategy's name as baggage.
 *
 * @returns whether there was a signal
 * @throws what {@link Transport.store} throws
 */
export function generateSignal(
  tracing: Tracing,
  transport: Transport,
  occasion: Occasion,
  decide: () => Decision | undefined,
): Promise<boolean> {
  const { strategy, symbol, price, timeMs, candlesCount } = occasion;
  const name = `${WORKFLOW_SPAN.signalGenerationPrefix}${strategy}`;
  const attributes = {
    [ATTR.strategyName]: strategy,
    [ATTR.tradingSymbol]: symbol,
    [ATTR.tradingPrice]: price,
    ...(candlesCount === undefined ? {} : { [ATTR.marketCandlesCount]: candlesCount }),
  };
  const ids = { [ATTR.strategyName]: strategy, symbol };
  return context.with(withBusinessIds(context.active(), ids), () =>
    inSpan(tracing, name, { attributes }, async (span) => {
      const decision = decide();
      span.setAttribute(ATTR.signalGenerated, decision !== undefined);
      if (!decision) return false;
      const { direction, confidence } = decision;
      const signal: Signal = {
        signal_id: `${strategy}-${symbol}-${occasion.id}-${direction}`,
        strategy,
        symbol,
        direction,
        confidence,
        entry_price: price,
        time_ms: timeMs,
      };
      span.setAttributes({
        [ATTR.signalId]: signal.signal_id,
        [ATTR.signalDirection]: direction,
        [ATTR.signalConfidence]: confidence,
        [ATTR.signalEntryPrice]: price,
      });
      await transport.store(SUBJECT.tradingSignals, signal, signal.signal_id);
      return true;
    }),
  );
}
