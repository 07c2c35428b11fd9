import type { Instruments } from '@throughline/instruments';
import type { Carrier } from '@throughline/sdk';
import type { ClientOrder, Side } from './domain/client-order.ts';
import type { ExchangeOrder, Execution } from './domain/exchange-order.ts';
import type { Allotment, BatchMember, EndRequest } from './domain/group-execution.ts';
import type { Reason } from './domain/reason.ts';
import type { Venue } from './domain/router.ts';

/** What the threads tell each other. All of it is plain data; trace context travels beside it. */

/** From wss-server to order-manager. */
export interface OrderReceived {
  readonly type: 'order_received';
  readonly order: ClientOrder;
}

/** From wss-server to order-manager, and on to algorithm: an order is to end before it is filled. */
export interface EndRequested {
  readonly type: 'end_requested';
  readonly userId: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly request: EndRequest;
}

/** From wss-server to order-manager: an order has ended, however it did. Without context. */
interface OrderEnded {
  readonly type: 'order_ended';
  readonly userId: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  /** The price of its last fill, if it had one. */
  readonly lastTicks: bigint | undefined;
}

/**
 * From wss-server to order-manager, and on to algorithm: a venue that was missing at the start says what
 * it trades. It comes before any order that needs to know. Without context.
 */
export interface VenueJoined {
  readonly type: 'venue_joined';
  readonly venue: Venue;
  /** Those of all venues now: none is taken away. */
  readonly instruments: Instruments;
}

export type OrderManagerInput = OrderReceived | EndRequested | OrderEnded | VenueJoined;

/** A member of a batch with the context of its `client_order_received`. */
export interface TracedMember extends BatchMember {
  readonly carrier: Carrier;
}

/** From order-manager to algorithm. */
export interface OrderBatch {
  readonly type: 'batch';
  readonly batchId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly members: readonly TracedMember[];
}

/** From order-manager to algorithm: no batch will follow. */
export interface BatchesEnded {
  readonly type: 'batches_ended';
}

/** From exchange-client to algorithm. */
export interface ExecutionReceived {
  readonly type: 'execution';
  readonly execution: Execution;
}

/**
 * From exchange-client to algorithm: a venue was lost, or is there. At the start those are up that have
 * said what they trade.
 */
interface VenueChanged {
  readonly type: 'venue_changed';
  readonly venue: string;
  readonly isUp: boolean;
}

export type AlgorithmInput =
  | OrderBatch
  | BatchesEnded
  | EndRequested
  | VenueJoined
  | ExecutionReceived
  | VenueChanged;

/** From algorithm to exchange-client. */
interface PlaceOrder {
  readonly type: 'place';
  readonly order: ExchangeOrder;
}

/** From algorithm to exchange-client. */
interface CancelOrder {
  readonly type: 'cancel';
  readonly exchangeOrderId: string;
}

/** From algorithm to wss-server; from order-manager for an order that never left it. */
export interface OrderUpdated {
  readonly type: 'order_updated';
  readonly allotment: Allotment;
  /** The fill that did it; undefined when the order ended without one. */
  readonly fill: { readonly fillId: string; readonly priceTicks: bigint } | undefined;
  /** Why it ended, unless it is filled. */
  readonly reason: Reason | undefined;
}

/** From algorithm to the main thread: no batch will come, and no order is open any more. */
interface Drained {
  readonly type: 'drained';
}

export type AlgorithmOutput = PlaceOrder | CancelOrder | OrderUpdated | Drained;
