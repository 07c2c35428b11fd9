import { startTracing } from '@throughline/sdk';
import { expect, test } from 'vitest';
import { untraced } from './untraced.ts';

test('nothing in it is a span, awaited or not, and what it returns comes back', async () => {
  const tracing = startTracing({ serviceName: 'untraced', exporter: 'none', global: false });
  const ask = async () => {
    await Promise.resolve();
    const span = tracing.tracer.startSpan('ask');
    span.end();
    return span.isRecording();
  };
  expect(await untraced(ask)).toBe(false);
  expect(tracing.stats().started).toBe(0);
  await ask();
  expect(tracing.stats().started).toBe(1);
});
