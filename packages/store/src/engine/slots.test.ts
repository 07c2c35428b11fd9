import { expect, test } from 'vitest';
import { Slots } from './slots.ts';

test('so many run, so many wait in their order, and the next is refused', async () => {
  const slots = new Slots(2, 2);
  const first = await slots.take();
  const second = await slots.take();
  const order: number[] = [];
  const third = slots.take().then((release) => {
    order.push(3);
    release();
  });
  const fourth = slots.take().then((release) => {
    order.push(4);
    release();
  });
  await expect(slots.take()).rejects.toThrow(/^Code: 202\./);
  expect(order).toEqual([]);
  first();
  await Promise.all([third, fourth]);
  expect(order).toEqual([3, 4]);
  second();
  const again = await Promise.all([slots.take(), slots.take()]);
  expect(again).toHaveLength(2);
});
