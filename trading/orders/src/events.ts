import type { Carrier } from '@throughline/sdk';
import type { ClientOrder, Side } from './domain/client-order.ts';
import type { ExchangeOrder, Execution } from './domain/exchange-order.ts';
import type { Allotment, BatchMember } from './domain/group-execution.ts';

/** What the threads tell each other. All of it is plain data; trace context travels beside it. */

/** From wss-server to order-manager. */
export interface OrderReceived {
  readonly type: 'order_received';
  readonly order: ClientOrder;
}

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

export type AlgorithmInput = OrderBatch | BatchesEnded | ExecutionReceived;

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

/** From algorithm to wss-server. */
export interface OrderUpdated {
  readonly type: 'order_updated';
  readonly allotment: Allotment;
  /** The fill that did it; undefined when the order ended without one. */
  readonly fill: { readonly fillId: string; readonly priceTicks: bigint } | undefined;
  /** Why it ended, unless it is filled. */
  readonly reason: string | undefined;
}

/** From algorithm to the main thread: no batch will come, and no order is open any more. */
interface Drained {
  readonly type: 'drained';
}

export type AlgorithmOutput = PlaceOrder | CancelOrder | OrderUpdated | Drained;
