import type { Tick } from '../messages.ts';

export type OnTick = (tick: Tick) => void;

/** Where market data comes from. */
export interface MarketSource {
  /** @throws ThroughlineError when the source cannot be used */
  start(onTick: OnTick): Promise<void>;
  close(): Promise<void>;
}
