import { type Lifecycle, spanRef, type TraceResponse } from '@throughline/model';
import { expect, test } from 'vitest';
import { edgeOf, refOf, spanOf } from '../testing/spans.ts';
import { relationsInLifecycle, relationsInTrace } from './relations.ts';

const elsewhere = { traceId: refOf(9, 1).slice(0, 32), spanId: refOf(9, 1).slice(33) };
const order = spanOf({ id: 1, trace: 1, name: 'client_order_received' });
const batch = spanOf({
  id: 2,
  trace: 2,
  name: 'order_batching',
  links: [
    { traceId: order.traceId, spanId: order.spanId, type: 'member_of', attributes: {} },
    { ...elsewhere, type: 'member_of', attributes: {} },
  ],
});
const child = spanOf({ id: 3, trace: 2, parent: 2, name: 'algorithm_processing' });

test('in an order, causes are on the page or in another trace, effects follow the edges', () => {
  const lifecycle: Pick<Lifecycle, 'spans' | 'edges'> = {
    spans: [order, batch, child],
    edges: [edgeOf(order, batch, 'member_of'), edgeOf(batch, child)],
  };
  const { causes, effects } = relationsInLifecycle(lifecycle)(batch);
  expect(causes.map(({ type, name, here }) => [type, name, here])).toEqual([
    ['member_of', 'client_order_received', true],
    ['member_of', undefined, false],
  ]);
  expect(effects).toMatchObject([{ ref: spanRef(child), type: 'child', here: true }]);
});

test('in a trace, a link from elsewhere is an effect with the name that the server gave', () => {
  const trace: Pick<TraceResponse, 'spans' | 'inboundLinks'> = {
    spans: [order],
    inboundLinks: [
      {
        targetSpanId: order.spanId,
        traceId: batch.traceId,
        spanId: batch.spanId,
        type: 'member_of',
        name: 'order_batching',
        service: 'order-manager',
      },
    ],
  };
  expect(relationsInTrace(trace)(order).effects).toMatchObject([
    { ref: spanRef(batch), type: 'member_of', name: 'order_batching', here: false },
  ]);
});

test('parents and children are named, and equal span ids of other traces told apart', () => {
  const namesake = spanOf({ id: 2, trace: 1, name: 'another span with the id of the batch' });
  const inTrace = relationsInTrace({ spans: [batch, child], inboundLinks: [] });
  expect(inTrace(child).causes).toMatchObject([{ type: 'parent', name: 'order_batching' }]);
  expect(inTrace(batch).effects).toMatchObject([{ type: 'child', name: 'algorithm_processing' }]);
  const lifecycle = { spans: [namesake, child, batch], edges: [] };
  expect(relationsInLifecycle(lifecycle)(child).causes).toMatchObject([{ name: 'order_batching' }]);
});
