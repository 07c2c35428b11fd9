import { spanIdSchema, traceIdSchema } from '@throughline/model';
import { expect, test } from 'vitest';
import { RandomIdGenerator } from './random-id-generator.ts';

test('ids are valid, and none comes twice, beyond the size of the pool', () => {
  const generator = new RandomIdGenerator();
  const ids = new Set<string>();
  for (let round = 0; round < 2_000; round += 1) {
    ids.add(traceIdSchema.parse(generator.generateTraceId()));
    ids.add(spanIdSchema.parse(generator.generateSpanId()));
  }
  expect(ids.size).toBe(4_000);
});
