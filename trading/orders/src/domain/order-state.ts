import type { Instrument } from '@throughline/instruments';
import { formatDecimal, ThroughlineError } from '@throughline/model';

export type TerminalStatus = 'filled' | 'canceled' | 'replaced' | 'rejected' | 'expired';
/** How an order ends that is not filled. */
export type UnfilledStatus = Exclude<TerminalStatus, 'filled'>;
export type OrderStatus = 'new' | 'partially_filled' | TerminalStatus;

/** Where a client order stands, in the terms of FIX (OrdStatus, CumQty, LeavesQty, AvgPx). */
export interface OrderState {
  readonly status: OrderStatus;
  readonly orderedLots: bigint;
  readonly cumLots: bigint;
  /** The sum of ticks x lots over all fills: the money, in integers. */
  readonly cumTickLots: bigint;
}

/** Decimals of an average price beyond those of the tick: it need not fall on a tick. */
const AVERAGE_EXTRA_SCALE = 6;

export function newOrderState(orderedLots: bigint): OrderState {
  return { status: 'new', orderedLots, cumLots: 0n, cumTickLots: 0n };
}

export function isTerminal(status: OrderStatus): status is TerminalStatus {
  return status !== 'new' && status !== 'partially_filled';
}

/** What can still be filled: nothing once the status is terminal. */
export function leavesLots({ status, orderedLots, cumLots }: OrderState): bigint {
  return isTerminal(status) ? 0n : orderedLots - cumLots;
}

/** @throws ThroughlineError `TL_ALLOCATION_INVALID` when the fill is empty or exceeds the leaves */
export function filled(state: OrderState, lots: bigint, ticks: bigint): OrderState {
  if (lots <= 0n || lots > leavesLots(state)) {
    throw new ThroughlineError(
      'TL_ALLOCATION_INVALID',
      `a fill of ${lots} lots, but an order (${state.status}) with ${leavesLots(state)} left`,
    );
  }
  const cumLots = state.cumLots + lots;
  return {
    ...state,
    status: cumLots === state.orderedLots ? 'filled' : 'partially_filled',
    cumLots,
    cumTickLots: state.cumTickLots + lots * ticks,
  };
}

/** Ends an order that is still open; one that has ended stays as it is. */
export function ended(state: OrderState, status: UnfilledStatus): OrderState {
  return isTerminal(state.status) ? state : { ...state, status };
}

/**
 * The average price so far as a decimal, exact where it has at most six decimals more than the tick
 * and else rounded to the nearest; undefined before the first fill. Sums are never made from it.
 */
export function averagePrice({ tick }: Instrument, state: OrderState): string | undefined {
  if (state.cumLots === 0n) return undefined;
  const units = state.cumTickLots * tick.units * 10n ** BigInt(AVERAGE_EXTRA_SCALE);
  const rounded = (2n * units + state.cumLots) / (2n * state.cumLots);
  return formatDecimal({ units: rounded, scale: tick.scale + AVERAGE_EXTRA_SCALE });
}
