import { expect, test } from 'vitest';
import { messageFaults, noFaults } from './message-faults.ts';

test('without faults nothing goes wrong', async () => {
  const faults = noFaults();
  for (let message = 0; message < 100; message += 1) {
    expect(faults.losesTraceHeader()).toBe(false);
    expect(faults.deliveries()).toBe(1);
    await faults.beforeProcessing();
  }
});

test.each([0.1, 0.25, 0.3, 1])('the share %d is kept exactly', (value) => {
  const faults = messageFaults([{ name: 'lost-trace-header', value }]);
  const lost = Array.from({ length: 1_000 }, () => faults.losesTraceHeader());
  expect(lost.filter(Boolean)).toHaveLength(1_000 * value);
});

test('a duplicated message is delivered twice, and only that', async () => {
  const faults = messageFaults([{ name: 'duplicate-delivery', value: 0.5 }]);
  expect([1, 2, 3, 4].map(() => faults.deliveries())).toEqual([1, 2, 1, 2]);
  await faults.beforeProcessing();
});

test('a poisoned message cannot be processed', async () => {
  const faults = messageFaults([{ name: 'poisoned-message', value: 0.5 }]);
  await faults.beforeProcessing();
  await expect(faults.beforeProcessing()).rejects.toMatchObject({ code: 'TL_MESSAGE_INVALID' });
});

test('of two faults with one name the last counts', async () => {
  const faults = messageFaults([
    { name: 'duplicate-delivery', value: 1 },
    { name: 'duplicate-delivery', value: 0 },
  ]);
  expect(faults.deliveries()).toBe(1);
});
