import { type Context, isSpanContextValid, ROOT_CONTEXT } from '@opentelemetry/api';
import { type Instrument, type Instruments, instrumentOf } from '@throughline/instruments';
import { extractFromPayload, spanTime, type Tracing } from '@throughline/sdk';
import { type ClientOrder, clientOrderKey, parseClientOrder } from '../domain/client-order.ts';
import { isTerminal, type OrderStatus } from '../domain/order-state.ts';
import { OrderRefusal, type Reason } from '../domain/reason.ts';
import type { OrderManagerInput, OrderUpdated } from '../events.ts';
import { BoundedMap } from './bounded-map.ts';
import { errorMessage, parseMessage } from './client-message.ts';
import type { ClientSession } from './client-session.ts';
import { ExpiryTimer } from './expiry-timer.ts';
import { type Arrived, GatewaySpans, wantedAttributes } from './gateway-spans.ts';
import { beginOf } from './left-orders.ts';
import {
  type AmendType,
  type CancelRejectReason,
  orderAccepted,
  orderCancelRejected,
  orderPending,
  orderUpdate,
} from './messages.ts';
import { type Notice, Notifier } from './notifier.ts';
import {
  type DeskOrder,
  type OpenOrder,
  OrderDesk,
  type OrderDeskLimits,
  type OrderDeskStats,
  type PendingRequest,
} from './order-desk.ts';
import type { OrderJournal } from './order-journal.ts';
import { RateLimit } from './rate-limit.ts';
import {
  type AmendRequest,
  parseCancel,
  parseHello,
  parseReplace,
  parseResume,
  type ReplaceRequest,
  replaceOf,
} from './requests.ts';
import type { Entry, JournalLimits } from './user-journals.ts';

export interface OrderGatewayLimits extends OrderDeskLimits, JournalLimits {
  /** Orders, cancels and replaces of one user within a second. */
  readonly userRequestsPerSecondMax: number;
}

export interface OrderGatewayOptions {
  readonly instruments: Instruments;
  readonly limits: OrderGatewayLimits;
  /** Where open orders are noted for the process after this one. */
  readonly journal?: Pick<OrderJournal, 'left' | 'accepted' | 'updated'> | undefined;
  /** To order-manager; the context is that of the span that it follows from. */
  readonly send: (event: OrderManagerInput, context: Context) => void;
  /** Milliseconds since the Unix epoch; for tests. */
  readonly now?: () => number;
}

export interface OrderGatewayStats extends OrderDeskStats {
  /** Messages that were answered with an error. */
  readonly messagesRefused: number;
  /** Cancels and replaces that were not done. */
  readonly amendsRejected: number;
  /** Updates that no connection of their user was there for; they can be resumed. */
  readonly updatesUndelivered: number;
  readonly messagesKept: number;
  readonly resumes: number;
  readonly resumeGaps: number;
}

const CLIENT_CANCELED: Reason = { code: 'client_canceled', text: 'the client canceled it' };
const CLIENT_REPLACED: Reason = { code: 'client_replaced', text: 'the client replaced it' };
const EXPIRED: Reason = { code: 'expire_time', text: 'its time is over' };

/**
 * What clients may ask for and are told, without sockets: takes orders, cancels and replaces, lets
 * orders expire, and numbers and keeps what each user is told. An order lives on when its client
 * goes.
 */
export class OrderGateway {
  readonly #options: OrderGatewayOptions;
  readonly #now: () => number;
  readonly #spans: GatewaySpans;
  readonly #desk: OrderDesk;
  readonly #notifier: Notifier;
  readonly #rate: RateLimit;
  readonly #expiries: ExpiryTimer;
  /** By user and request id: the latest answer, for a request that comes twice. */
  readonly #answers: BoundedMap<Entry<Notice>>;
  #isDraining = false;
  #messagesRefused = 0;
  #amendsRejected = 0;
  #updatesUndelivered = 0;
  #resumes = 0;
  #resumeGaps = 0;

  constructor(tracing: Tracing, options: OrderGatewayOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#spans = new GatewaySpans(tracing);
    this.#desk = new OrderDesk(options.limits);
    this.#notifier = new Notifier(options.limits, this.#now);
    this.#rate = new RateLimit(options.limits.userRequestsPerSecondMax);
    this.#expiries = new ExpiryTimer(this.#now, (key) => this.#expire(key));
    this.#answers = new BoundedMap(options.limits.endedOrdersMax);
    for (const left of options.journal?.left ?? []) {
      this.#desk.restore({ ...left, begin: beginOf(tracing, left) });
    }
  }

  stats(): OrderGatewayStats {
    return {
      ...this.#desk.stats(),
      messagesRefused: this.#messagesRefused,
      amendsRejected: this.#amendsRejected,
      updatesUndelivered: this.#updatesUndelivered,
      messagesKept: this.#notifier.messagesKept,
      resumes: this.#resumes,
      resumeGaps: this.#resumeGaps,
    };
  }

  /** From now on nothing is taken; orders that are open go on, and do not expire. */
  drain(): void {
    this.#isDraining = true;
    this.#expiries.close();
  }

  /** @param text undefined for a binary message */
  receive(session: ClientSession, text: string | undefined): void {
    const startTime = spanTime();
    let message: unknown;
    try {
      message = parseMessage(text);
      this.#take(session, { message, startTime });
    } catch (error) {
      this.#messagesRefused += 1;
      const answer = errorMessage(error, message);
      const code = answer.reason_code ?? answer.code;
      this.#spans.refused({ message, startTime }, code, answer.message);
      session.send(answer);
    }
  }

  /** The client has gone; its orders live on. */
  leave(session: ClientSession): void {
    this.#notifier.detach(session);
  }

  /** Tells the order's user where it stands now. */
  update(event: OrderUpdated): void {
    const { order, state } = event.allotment;
    this.#options.journal?.updated(order, state);
    const open = this.#desk.update(order, state);
    if (!open) {
      this.#updatesUndelivered += 1;
      return;
    }
    open.lastTicks = event.fill?.priceTicks ?? open.lastTicks;
    const told = this.#tell(open, orderUpdate(event, open, this.#instrument(order)));
    if (isTerminal(state.status)) this.#onEnd(open, told);
  }

  #take(session: ClientSession, arrived: Arrived): void {
    const { payload } = extractFromPayload(arrived.message);
    switch ((payload as { readonly type?: unknown } | null | undefined)?.type) {
      case 'hello': {
        session.wantsTraceIds = parseHello(payload).wantsTraceIds;
        const { sessionId: session_id } = this.#notifier;
        session.send({ type: 'welcome', trace_ids: session.wantsTraceIds, session_id });
        return;
      }
      case 'resume': {
        const request = parseResume(payload);
        this.#resumes += 1;
        if (this.#notifier.resume(session, request)) this.#resumeGaps += 1;
        return;
      }
      case 'order.cancel':
        this.#takeCancel(session, parseCancel(payload), arrived);
        return;
      case 'order.replace':
        this.#takeReplace(session, parseReplace(payload), arrived);
        return;
      default:
        this.#takeOrder(session, payload, arrived);
    }
  }

  #takeOrder(session: ClientSession, payload: unknown, arrived: Arrived): void {
    const order = parseClientOrder(payload, this.#options.instruments, this.#now());
    this.#admit(session, order.userId);
    this.#desk.check(order);
    if (this.#answers.has(clientOrderKey(order))) {
      const text = `user ${order.userId} has used the id ${order.clientOrderId} for a request`;
      throw new OrderRefusal('duplicate_order', text);
    }
    this.#enter(order, { arrived });
  }

  /** Takes on an order: a new one, or one that takes the place of another. */
  #enter(
    order: ClientOrder,
    { arrived, replaced }: { arrived?: Arrived; replaced?: OpenOrder },
  ): Entry<Notice> {
    const instrument = this.#instrument(order);
    const about = { ...(arrived && { arrived }), ...(replaced && { replaced }) };
    const { span, context } = this.#spans.order(order, instrument, about);
    const chainCumLots = replaced ? replaced.chainCumLots + replaced.state.cumLots : 0n;
    const origClientOrderId = replaced?.order.clientOrderId;
    const begin = span.spanContext();
    const added = { order, begin, chainCumLots, origClientOrderId };
    const open = this.#desk.add(added);
    this.#options.journal?.accepted({ ...added, carrier: this.#spans.carrierOf(context) });
    this.#options.send({ type: 'order_received', order }, context);
    span.end(spanTime());
    if (order.expireMs !== undefined) this.#expiries.add(clientOrderKey(order), order.expireMs);
    return this.#tell(open, orderAccepted(open, instrument));
  }

  #takeCancel(session: ClientSession, request: AmendRequest, arrived: Arrived): void {
    const open = this.#findForAmend('cancel', session, request, arrived);
    if (!open) return;
    const { requestId } = request;
    const { span, context } = this.#spans.amend('cancel', request, open, { arrived });
    open.pending = { type: 'cancel', requestId };
    this.#requestEnd(open, 'canceled', CLIENT_CANCELED, context);
    span.end(spanTime());
    this.#answer(request, this.#tell(open, orderPending('cancel', request)));
  }

  #takeReplace(session: ClientSession, request: ReplaceRequest, arrived: Arrived): void {
    const open = this.#findForAmend('replace', session, request, arrived);
    if (!open) return;
    const instrument = this.#instrument(open.order);
    const replace = replaceOf(request, open.order, open.chainCumLots, instrument);
    const wantedLots = replace.totalLots - open.chainCumLots;
    if (wantedLots <= open.state.cumLots) {
      const text = 'the new total quantity is not above what is filled';
      this.#rejectNow('replace', request, arrived, ['quantity_not_above_filled', text]);
      return;
    }
    const wanted = wantedAttributes(replace, instrument);
    const { span, context } = this.#spans.amend('replace', request, open, { arrived, wanted });
    open.pending = { type: 'replace', requestId: request.requestId, replace };
    this.#requestEnd(open, 'replaced', CLIENT_REPLACED, context, wantedLots);
    span.end(spanTime());
    this.#answer(request, this.#tell(open, orderPending('replace', request)));
  }

  /** @returns the order that the request may end; undefined when the request was answered already */
  #findForAmend(
    type: AmendType,
    session: ClientSession,
    request: AmendRequest,
    arrived: Arrived,
  ): OpenOrder | undefined {
    const { userId, requestId, origClientOrderId } = request;
    this.#admit(session, userId);
    const before = this.#answers.get(clientOrderKey({ userId, clientOrderId: requestId }));
    if (before) {
      this.#notifier.repeat(session, before);
      return undefined;
    }
    const open = this.#desk.find({ userId, clientOrderId: origClientOrderId });
    const status = this.#desk.statusOf({ userId, clientOrderId: origClientOrderId });
    const isUsed = this.#desk.statusOf({ userId, clientOrderId: requestId }) !== undefined;
    const rejection: readonly [CancelRejectReason, string] | undefined =
      (isUsed && ['duplicate_request', `the id ${requestId} is that of an order`]) ||
      (status === undefined && ['unknown_order', `there is no order ${origClientOrderId}`]) ||
      (!open && ['too_late', `the order is ${status}`]) ||
      (open?.pending && ['already_pending', `a ${open.pending.type} is under way`]) ||
      undefined;
    if (!rejection) return open;
    this.#rejectNow(type, request, arrived, rejection);
    return undefined;
  }

  /** @throws OrderRefusal when the gateway shuts down, or the user sends too much */
  #admit(session: ClientSession, userId: string): void {
    if (this.#isDraining) {
      throw new OrderRefusal('shutting_down', 'nothing more is taken: shutting down');
    }
    if (!this.#rate.admits(userId, this.#now())) {
      const { userRequestsPerSecondMax: most } = this.#options.limits;
      throw new OrderRefusal('rate_limited', `${userId} sent more than ${most} requests a second`);
    }
    this.#notifier.attach(session, userId);
  }

  #requestEnd(
    { order }: OpenOrder,
    end: 'canceled' | 'replaced' | 'expired',
    reason: Reason,
    context: Context,
    wantedLots?: bigint,
  ): void {
    const { userId, clientOrderId, symbol } = order;
    const request = { end, reason, wantedLots };
    this.#options.send({ type: 'end_requested', userId, clientOrderId, symbol, request }, context);
  }

  /** @param told the update with which it ended */
  #onEnd(open: OpenOrder, told: Entry<Notice>): void {
    const { order, pending, lastTicks } = open;
    const { userId, clientOrderId, symbol } = order;
    this.#expiries.remove(clientOrderKey(order));
    const ended = { type: 'order_ended', userId, clientOrderId, symbol, lastTicks } as const;
    this.#options.send(ended, ROOT_CONTEXT);
    if (pending && pending.type !== 'expiry') this.#resolve(open, pending, told);
  }

  /** The order has ended: by the request, or before it could. */
  #resolve(
    open: OpenOrder,
    pending: Exclude<PendingRequest, { type: 'expiry' }>,
    told: Entry<Notice>,
  ): void {
    const { order, state } = open;
    const { requestId } = pending;
    const { userId, clientOrderId: origClientOrderId } = order;
    const request: AmendRequest = { userId, requestId, origClientOrderId };
    if (pending.type === 'cancel' && state.status === 'canceled') {
      this.#answer(request, told);
    } else if (pending.type === 'replace' && state.status === 'replaced' && !this.#isDraining) {
      const { totalLots, priceTicks } = pending.replace;
      const lots = totalLots - open.chainCumLots - state.cumLots;
      const next = { ...order, clientOrderId: requestId, lots, priceTicks };
      this.#answer(request, this.#enter(next, { replaced: open }));
    } else {
      const code = state.status === 'replaced' ? 'shutting_down' : 'too_late';
      this.#reject(pending.type, request, code, `the order is ${state.status}`, open);
    }
  }

  #rejectNow(
    type: AmendType,
    request: AmendRequest,
    arrived: Arrived,
    [code, text]: readonly [CancelRejectReason, string],
  ): void {
    this.#spans.amendRefused(type, request, arrived, {
      code,
      text,
      isKnown: code !== 'unknown_order',
    });
    const { userId, origClientOrderId: clientOrderId } = request;
    this.#reject(type, request, code, text, this.#desk.find({ userId, clientOrderId }));
  }

  #reject(
    type: AmendType,
    request: AmendRequest,
    code: CancelRejectReason,
    text: string,
    about: DeskOrder | undefined,
  ): void {
    const { userId, origClientOrderId: clientOrderId } = request;
    const status: OrderStatus = this.#desk.statusOf({ userId, clientOrderId }) ?? 'rejected';
    this.#amendsRejected += 1;
    const message = orderCancelRejected(type, request, { status, code, text });
    const { entry } = this.#notifier.publish(message, about && traceIdOf(about));
    // The id of an order stays that order's: its updates are what is known of it.
    if (code !== 'duplicate_request') this.#answer(request, entry);
  }

  #answer({ userId, requestId }: AmendRequest, entry: Entry<Notice>): void {
    this.#answers.set(clientOrderKey({ userId, clientOrderId: requestId }), entry);
  }

  #tell(open: OpenOrder, message: Notice['message']): Entry<Notice> {
    const { entry, deliveries } = this.#notifier.publish(message, traceIdOf(open));
    if (deliveries === 0) this.#updatesUndelivered += 1;
    return entry;
  }

  #instrument(order: ClientOrder): Instrument {
    return instrumentOf(this.#options.instruments, order.symbol);
  }

  #expire(key: string): void {
    const [userId = '', clientOrderId = ''] = key.split('/');
    const open = this.#desk.find({ userId, clientOrderId });
    // What ends already for its client needs no other reason.
    if (!open || open.pending) return;
    const { span, context } = this.#spans.expiry(open);
    open.pending = { type: 'expiry' };
    this.#requestEnd(open, 'expired', EXPIRED, context);
    span.end(spanTime());
  }
}

function traceIdOf({ begin }: DeskOrder): string | undefined {
  return isSpanContextValid(begin) ? begin.traceId : undefined;
}
