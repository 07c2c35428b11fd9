import type { Attributes, Span } from '@opentelemetry/api';
import { ATTR, ThroughlineError } from '@throughline/model';
import { type Tick, tickSchema } from './messages.ts';

/**
 * Reads a message of `market.data`, and says on the span of its processing what it is.
 *
 * @throws ThroughlineError `TL_MESSAGE_INVALID`
 */
export function readTick(message: unknown, span: Span): Tick {
  const parsed = tickSchema.safeParse(message);
  if (!parsed.success) {
    const cause = parsed.error;
    throw new ThroughlineError('TL_MESSAGE_INVALID', 'this is no market data', { cause });
  }
  span.setAttributes(tickAttributes(parsed.data));
  return parsed.data;
}

export function tickAttributes(tick: Tick): Attributes {
  return {
    [ATTR.marketEventType]: tick.event_type,
    [ATTR.tradingSymbol]: tick.symbol,
    ...(tick.event_type === 'trade' ? { [ATTR.tradingPrice]: tick.price } : {}),
  };
}
