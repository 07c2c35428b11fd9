import type { Instrument } from '@throughline/instruments';
import { z } from 'zod';
import {
  type ClientOrder,
  decimalSchema,
  idSchema,
  parseFields,
  parseLimit,
  parseLots,
} from '../domain/client-order.ts';
import { OrderRefusal } from '../domain/reason.ts';

/** What clients send besides `order.new`. Unknown fields are ignored. */

const cancelSchema = z.object({
  type: z.literal('order.cancel'),
  user_id: idSchema,
  client_order_id: idSchema,
  orig_client_order_id: idSchema,
});

const replaceSchema = cancelSchema.extend({
  type: z.literal('order.replace'),
  quantity: decimalSchema.optional(),
  price: decimalSchema.optional(),
});

const helloSchema = z.object({ type: z.literal('hello'), trace_ids: z.boolean().optional() });

const resumeSchema = z.object({
  type: z.literal('resume'),
  user_id: idSchema,
  from_sequence: z.int().min(1),
  session_id: idSchema.optional(),
});

/** A request about an order (FIX OrderCancelRequest, and the head of a replace). */
export interface AmendRequest {
  readonly userId: string;
  /** The request's own id (FIX ClOrdID); of a replace also that of the order to come. */
  readonly requestId: string;
  readonly origClientOrderId: string;
}

/** FIX OrderCancelReplaceRequest; the terms are checked when the order is known. */
export interface ReplaceRequest extends AmendRequest {
  readonly quantity: string | undefined;
  readonly price: string | undefined;
}

/** The terms of the order to come. */
export interface ReplaceOrder {
  /** Over the whole chain of orders: what they filled counts. */
  readonly totalLots: bigint;
  readonly priceTicks: bigint | undefined;
}

/** @throws OrderRefusal naming the first field that is not usable */
export function parseCancel(message: unknown): AmendRequest {
  return amendOf(parseFields(cancelSchema, message));
}

/** @throws OrderRefusal naming the first field that is not usable */
export function parseReplace(message: unknown): ReplaceRequest {
  const fields = parseFields(replaceSchema, message);
  return { ...amendOf(fields), quantity: fields.quantity, price: fields.price };
}

/** @throws OrderRefusal naming the first field that is not usable */
export function parseHello(message: unknown): { readonly wantsTraceIds: boolean } {
  return { wantsTraceIds: parseFields(helloSchema, message).trace_ids === true };
}

/** Where a client was when it lost its connection. */
export interface ResumeRequest {
  readonly userId: string;
  readonly fromSequence: number;
  /** Whose numbering that is; undefined: that of this process. */
  readonly sessionId: string | undefined;
}

/** @throws OrderRefusal naming the first field that is not usable */
export function parseResume(message: unknown): ResumeRequest {
  const fields = parseFields(resumeSchema, message);
  const { user_id: userId, from_sequence: fromSequence, session_id: sessionId } = fields;
  return { userId, fromSequence, sessionId };
}

/**
 * The terms that a replace asks for; what it does not name stays.
 *
 * @param chainCumLots what the orders before this one had filled
 * @throws OrderRefusal naming the field that is not usable
 */
export function replaceOf(
  request: ReplaceRequest,
  order: ClientOrder,
  chainCumLots: bigint,
  instrument: Instrument,
): ReplaceOrder {
  const { quantity, price } = request;
  if (price !== undefined && order.type === 'market') {
    throw new OrderRefusal('invalid', 'price: a market order has none');
  }
  return {
    totalLots: quantity === undefined ? chainCumLots + order.lots : parseLots(quantity, instrument),
    priceTicks: price === undefined ? order.priceTicks : parseLimit(price, instrument),
  };
}

function amendOf(fields: {
  readonly user_id: string;
  readonly client_order_id: string;
  readonly orig_client_order_id: string;
}): AmendRequest {
  return {
    userId: fields.user_id,
    requestId: fields.client_order_id,
    origClientOrderId: fields.orig_client_order_id,
  };
}
