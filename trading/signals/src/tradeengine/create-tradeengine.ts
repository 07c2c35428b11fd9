import type { ProcessParts } from '../process-parts.ts';
import type { Transport } from '../transport/transport.ts';
import type { TradeengineSettings } from './config.ts';
import { ExchangeRest } from './exchange-rest.ts';
import { Tradeengine } from './tradeengine.ts';

/** Whether the exchange answers is a part of the process' readiness. */
export function createTradeengine(
  parts: ProcessParts,
  transport: Transport,
  { exchange, sizing, risk }: TradeengineSettings,
): Tradeengine {
  const onReachable = (isReachable: boolean): void => parts.setReady('exchange', isReachable);
  const rest = new ExchangeRest({ ...exchange, onReachable });
  return new Tradeengine(parts, transport, { exchange: rest, sizing, risk });
}
