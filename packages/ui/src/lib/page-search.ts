import { type SpanRef, spanIdSchema, spanRefSchema } from '@throughline/model';
import { kindOf, ORDER_KIND } from './lifecycle-kinds.ts';

/** What the list of lifecycles shows, as its address says. Absent means the default: orders. */
export interface OrdersSearch {
  /** Of lifecycles other than orders. */
  name?: string | undefined;
  q?: string | undefined;
  /** One of those that the kind offers. */
  status?: string | undefined;
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
  const name = typeof given.name === 'string' ? given.name : undefined;
  const other = name === ORDER_KIND.name ? undefined : kindOf(name);
  const kind = other ?? ORDER_KIND;
  const status = kind.statuses.find((candidate) => candidate === given.status);
  return {
    ...(other ? { name: other.name } : {}),
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
