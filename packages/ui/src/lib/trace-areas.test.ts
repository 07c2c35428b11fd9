import { expect, test } from 'vitest';
import { traceAreas } from './trace-areas.ts';

function member(id: string, traceId: string | undefined, x: number, y: number) {
  return { id, traceId, x, y, width: 100, height: 40 };
}

test('parent and child of one trace share an area that holds both', () => {
  const members = [member('a', 't', 0, 0), member('b', 't', 150, 60)];
  const areas = traceAreas(members, [{ from: 'a', to: 'b' }]);
  expect(areas).toHaveLength(1);
  expect(areas[0]).toMatchObject({ traceId: 't', x: -8, width: 266 });
});

test('a trace whose nodes enclose those of another falls into several areas', () => {
  const members = [member('a', 't', 0, 0), member('x', 'other', 150, 0), member('b', 't', 300, 0)];
  const areas = traceAreas(members, [{ from: 'a', to: 'b' }]);
  expect(areas.map((area) => area.traceId).sort()).toEqual(['other', 't', 't']);
});

test('nodes that stand for spans of several traces have no area', () => {
  expect(traceAreas([member('stack', undefined, 0, 0)], [])).toEqual([]);
});
