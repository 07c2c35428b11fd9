import type { ProcessParts } from '../process-parts.ts';
import type { Transport } from '../transport/transport.ts';
import type { TradeengineSettings } from './config.ts';
import { ExchangeRest } from './exchange-rest.ts';
import { Tradeengine } from './tradeengine.ts';

const PING_INTERVAL_MS = 5_000;

/** Whether the exchange answers is a part of the process' readiness, asked for from time to time. */
export function createTradeengine(
  parts: ProcessParts,
  transport: Transport,
  { exchange, sizing, risk }: TradeengineSettings,
): Tradeengine {
  const onReachable = (isReachable: boolean): void => parts.setReady('exchange', isReachable);
  const rest = new ExchangeRest({ ...exchange, onReachable });
  onReachable(false);
  void rest.ping();
  const pinging = setInterval(() => void rest.ping(), PING_INTERVAL_MS);
  parts.onStop(() => clearInterval(pinging));
  return new Tradeengine(parts, transport, { exchange: rest, sizing, risk });
}
