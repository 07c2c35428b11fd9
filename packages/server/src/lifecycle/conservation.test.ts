import { ATTR, LINK_TYPE, ORDER_SPAN } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ORDER_LIFECYCLE } from './definitions.ts';
import { buildGraph } from './graph.ts';
import { buildLifecycle } from './lifecycle.ts';
import { BEGIN_A, exampleSpans, TRACES } from './testing/example.ts';
import { randomOrderSystem, spanRefOf, spansOf } from './testing/order-system.ts';
import { refOf, type SpanSketch } from './testing/spans.ts';

function quantitiesOf(change: (sketch: SpanSketch) => SpanSketch | undefined) {
  const lifecycle = buildLifecycle(buildGraph(ORDER_LIFECYCLE, exampleSpans(change)), BEGIN_A);
  const breaks = lifecycle.warnings.filter(({ code }) => code === 'not_conserved');
  return { ...lifecycle, breaks };
}

function withAttribute(sketch: SpanSketch, name: string, value: string | number): SpanSketch {
  return { ...sketch, attributes: { ...sketch.attributes, [name]: value } };
}

function isLastUpdate({ trace, id }: SpanSketch): boolean {
  return trace === TRACES.match2 && id === 2;
}

test('a fill whose allocations sum to something else is a break, named with both sums', () => {
  const { quantities, breaks } = quantitiesOf((sketch) =>
    sketch.attributes?.[ATTR.fillId] === 'f1'
      ? withAttribute(sketch, ATTR.fillQuantity, '5.0000000000000000001')
      : sketch,
  );
  expect(quantities?.conserved).toBe(false);
  expect(breaks).toMatchObject([{ span: refOf(TRACES.match1, 1) }]);
  expect(breaks[0]?.message).toContain('5 do not sum to the fill of 5.0000000000000000001');
});

test('an order that tells another quantity than it was allocated is a break', () => {
  const { quantities, breaks } = quantitiesOf((sketch) =>
    isLastUpdate(sketch) ? withAttribute(sketch, ATTR.orderCumQuantity, '4') : sketch,
  );
  expect(quantities).toMatchObject({ filled: '4', leaves: '1', conserved: false });
  expect(breaks).toMatchObject([{ span: refOf(TRACES.match2, 2) }]);
});

test('a lost match is a break of the order, and a quantity that is no decimal is one too', () => {
  const lost = quantitiesOf((sketch) =>
    sketch.trace === TRACES.match1 && sketch.id === 1 ? undefined : sketch,
  );
  expect(lost.breaks).toHaveLength(1);
  const garbled = quantitiesOf((sketch) =>
    isLastUpdate(sketch) ? withAttribute(sketch, ATTR.orderCumQuantity, '5e0') : sketch,
  );
  expect(garbled.breaks[0]?.message).toContain('is not a decimal');
});

test('more filled than ordered is a break', () => {
  const { quantities, breaks } = quantitiesOf((sketch) =>
    sketch.name === ORDER_SPAN.clientOrderReceived
      ? withAttribute(sketch, ATTR.orderQuantity, '4.5')
      : sketch,
  );
  expect(quantities).toMatchObject({ leaves: '-0.5', conserved: false });
  expect(breaks).toHaveLength(1);
});

test('a fill that was lost cannot be checked, which is no break', () => {
  const { quantities, breaks } = quantitiesOf((sketch) =>
    sketch.attributes?.[ATTR.fillId] === 'f1' ? undefined : sketch,
  );
  expect(breaks).toEqual([]);
  expect(quantities?.allocations[0]).toMatchObject({
    fillId: '',
    quantity: '3',
    fillQuantity: '5',
  });
});

test('a match of quantity zero, which only closes an order, is no allocation', () => {
  const closing: SpanSketch = {
    ...{ trace: TRACES.match3, id: 1, name: ORDER_SPAN.fillMatching, from: 2330, to: 2360 },
    links: [
      {
        ...{ trace: TRACES.a, id: 1, type: LINK_TYPE.allocatedTo },
        attributes: { [ATTR.fillQuantity]: '0' },
      },
    ],
  };
  const { quantities } = quantitiesOf((sketch) =>
    sketch.trace === TRACES.match3 ? (sketch.id === 1 ? closing : undefined) : sketch,
  );
  expect(quantities).toMatchObject({ filled: '5', conserved: true });
  expect(quantities?.allocations).toHaveLength(2);
});

test('an order without a quantity has no quantities', () => {
  const { quantities, breaks } = quantitiesOf((sketch) =>
    withAttribute(sketch, ATTR.orderQuantity, 'many'),
  );
  expect(quantities).toBeUndefined();
  expect(breaks).toEqual([]);
});

test('systems that conserve are found to conserve, order by order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => {
      const system = randomOrderSystem(seed);
      const graph = buildGraph(ORDER_LIFECYCLE, spansOf(system, new Map()));
      for (const { begin, filled } of system.orders) {
        const { quantities } = buildLifecycle(graph, spanRefOf(begin));
        const ordered = String(filled);
        expect(quantities).toMatchObject({
          ordered,
          filled: ordered,
          leaves: '0',
          conserved: true,
        });
      }
    }),
    { numRuns: 300 },
  );
});
