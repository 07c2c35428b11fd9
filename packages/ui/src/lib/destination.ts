import { type OrderKey, parseOrderKey } from './order-key.ts';

/** Where pasted text leads. */
export type Destination =
  | { readonly to: 'trace'; readonly traceId: string; readonly spanId: string | undefined }
  | { readonly to: 'order'; readonly key: OrderKey }
  | { readonly to: 'lifecycle'; readonly name: string; readonly key: string }
  | { readonly to: 'server' }
  | { readonly to: 'search'; readonly q: string };

const SERVER_PATH = '/server';

function traceDestination(traceId: string, spanId?: string): Destination {
  return { to: 'trace', traceId: traceId.toLowerCase(), spanId: spanId?.toLowerCase() };
}

/**
 * Addresses of this application, and of a Jaeger (`/trace/<id>`) whose links people have lying
 * around.
 */
function parseAddress(text: string): Destination | undefined {
  const path = /^https?:\/\/[^/?#]+(\/[^?#]*)/i.exec(text)?.[1];
  if (path === undefined) return undefined;
  const trace = /\/traces?\/([0-9a-f]{32})\/?$/i.exec(path)?.[1];
  if (trace !== undefined) return traceDestination(trace);
  if (path === SERVER_PATH) return { to: 'server' };
  const [, page, first, second] = /\/(orders|lifecycles)\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (first === undefined || second === undefined) return undefined;
  try {
    const [left, right] = [decodeURIComponent(first), decodeURIComponent(second)];
    if (page === 'lifecycles') return { to: 'lifecycle', name: left, key: right };
    return { to: 'order', key: { user: left, order: right } };
  } catch {
    return undefined;
  }
}

/**
 * Understands what people have at hand: a trace id (plain or as a UUID), a `traceparent`, `<trace
 * id>:<span id>`, an order's key `user/order`, an address, or `/server`. Anything else becomes a
 * search of the list of orders.
 */
export function parseDestination(pasted: string): Destination | undefined {
  const text = pasted.trim().replace(/^["'`]+|["'`,;]+$/g, '');
  if (text === '') return undefined;
  const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/i.exec(text);
  if (traceparent?.[1]) return traceDestination(traceparent[1], traceparent[2]);
  const reference = /^([0-9a-f]{32})(?::([0-9a-f]{16}))?$/i.exec(text);
  if (reference?.[1]) return traceDestination(reference[1], reference[2]);
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    return traceDestination(text.replaceAll('-', ''));
  }
  if (text === SERVER_PATH) return { to: 'server' };
  if (/^https?:\/\//i.test(text)) return parseAddress(text) ?? { to: 'search', q: text };
  const key = parseOrderKey(text);
  return key ? { to: 'order', key } : { to: 'search', q: text };
}
