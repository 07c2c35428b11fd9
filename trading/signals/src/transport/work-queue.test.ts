import { expect, test } from 'vitest';
import { WorkQueue } from './work-queue.ts';

test('items are worked on one after the other, in their order', async () => {
  const seen: string[] = [];
  const queue = new WorkQueue<number>({
    itemsMax: 10,
    onDrop: () => undefined,
    work: async (item) => {
      seen.push(`begin ${item}`);
      await Promise.resolve();
      seen.push(`end ${item}`);
    },
  });
  for (const item of [1, 2]) queue.push(item);
  await queue.whenIdle();
  queue.push(3);
  await queue.whenIdle();
  expect(seen).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
});

test('a slow worker loses the oldest of what waits, and each loss is told', async () => {
  const gate = Promise.withResolvers<void>();
  const worked: number[] = [];
  const dropped: number[] = [];
  const queue = new WorkQueue<number>({
    itemsMax: 2,
    onDrop: (item) => dropped.push(item),
    work: async (item) => {
      worked.push(item);
      await gate.promise;
    },
  });
  queue.push(1);
  await Promise.resolve();
  for (const item of [2, 3, 4, 5]) queue.push(item);
  gate.resolve();
  await queue.whenIdle();
  expect(dropped).toEqual([2, 3]);
  expect(worked).toEqual([1, 4, 5]);
});
