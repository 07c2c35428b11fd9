import { ATTR, LINK_TYPE } from '@throughline/model';
import { expect, test } from 'vitest';
import { readable, testTracing } from '../testing/tracing.ts';
import { startMatch } from './match.ts';
import { registryKey } from './registry.ts';

test('a match links to the fill and to each order, each in its role with its quantity', () => {
  const tracing = testTracing();
  const registry = tracing.createRegistry();
  const order = tracing.tracer.startSpan('client_order_received', { root: true });
  registry.set(registryKey('u1', 'o1'), order.spanContext());
  const fill = tracing.tracer.startSpan('exchange_fill_received', { root: true });
  const match = startMatch(tracing, 'fill_matching', {
    links: [
      { spanContext: fill.spanContext(), type: LINK_TYPE.filledBy },
      {
        spanContext: registry.get(registryKey('u1', 'o1')),
        type: LINK_TYPE.allocatedTo,
        attributes: { [ATTR.fillQuantity]: '0.25' },
      },
    ],
    attributes: { [ATTR.allocationMethod]: 'pro_rata' },
    businessIds: { [ATTR.fillId]: 'f1' },
  });
  const span = readable(match.span);
  expect(span.links.map((link) => [link.context.spanId, link.attributes])).toEqual([
    [fill.spanContext().spanId, { [ATTR.linkType]: 'filled_by' }],
    [order.spanContext().spanId, { [ATTR.linkType]: 'allocated_to', [ATTR.fillQuantity]: '0.25' }],
  ]);
  expect(span.attributes).toEqual({
    [ATTR.allocationMethod]: 'pro_rata',
    [ATTR.fillId]: 'f1',
  });
});

test('an order that the registry no longer knows is counted and said to be missed', () => {
  const tracing = testTracing();
  const registry = tracing.createRegistry();
  const match = startMatch(tracing, 'fill_matching', {
    links: [{ spanContext: registry.get('gone'), type: LINK_TYPE.allocatedTo }],
  });
  expect(readable(match.span).attributes).toEqual({ [ATTR.correlation]: 'missed' });
  expect(tracing.stats().registries.misses).toBe(1);
});
