import { type SpanRef, spanIdSchema, spanRefSchema } from '@throughline/model';

/** States of an order that the list offers as one-click filters; `open` is any that is not final. */
export const ORDER_STATUSES = ['open', 'filled', 'canceled', 'rejected', 'expired'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** What the list of orders shows, as its address says. Absent means the default. */
export interface OrdersSearch {
  q?: string | undefined;
  status?: OrderStatus | undefined;
  sort?: 'duration' | undefined;
}

/** What a page with span details shows: the selected span. */
export interface OrderSearch {
  span?: SpanRef | undefined;
  /** Only one of the two drawings; absent means both. */
  view?: 'timeline' | 'graph' | undefined;
}

export interface TraceSearch {
  span?: string | undefined;
}

type Given = Readonly<Record<string, unknown>>;

/** Anything in an address that is not understood is ignored: links must never break a page. */
export function parseOrdersSearch(given: Given): OrdersSearch {
  const status = ORDER_STATUSES.find((candidate) => candidate === given.status);
  return {
    ...(typeof given.q === 'string' && given.q !== '' ? { q: given.q.slice(0, 200) } : {}),
    ...(status ? { status } : {}),
    ...(given.sort === 'duration' ? { sort: 'duration' } : {}),
  };
}

export function parseOrderSearch(given: Given): OrderSearch {
  const span = spanRefSchema.safeParse(given.span);
  return {
    ...(span.success ? { span: span.data } : {}),
    ...(given.view === 'timeline' || given.view === 'graph' ? { view: given.view } : {}),
  };
}

export function parseTraceSearch(given: Given): TraceSearch {
  const span = spanIdSchema.safeParse(given.span);
  return span.success ? { span: span.data } : {};
}
