import { trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { testTracing } from '../testing/tracing.ts';
import { currentTracing } from './current-tracing.ts';

test('the first tracing that wants it serves the process until its shutdown', async () => {
  expect(currentTracing().enabled).toBe(false);
  const first = testTracing({ global: true });
  const second = testTracing({ global: true });
  expect(currentTracing()).toBe(first);
  expect(trace.getTracer('any').startSpan('x').isRecording()).toBe(true);
  await second.shutdown();
  expect(currentTracing()).toBe(first);
  await first.shutdown();
  expect(currentTracing().enabled).toBe(false);
  const third = testTracing({ global: true });
  expect(currentTracing()).toBe(third);
  await third.shutdown();
});

test('a tracing of its own is nobody else’s', async () => {
  const own = testTracing({ global: false });
  expect(currentTracing()).not.toBe(own);
  await own.shutdown();
});
