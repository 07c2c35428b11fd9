import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { testTracing } from '../testing/tracing.ts';
import { pinoMixin } from './pino-mixin.ts';

/** The fields of the records that the function writes. */
function logged(write: (logger: ReturnType<typeof pino>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  const stream = { write: (line: string) => lines.push(line) };
  write(pino({ base: null, timestamp: false, mixin: pinoMixin() }, stream));
  return lines.map((line) => JSON.parse(line));
}

test('a record has the ids of the span that it is written in', () => {
  const { tracer } = testTracing();
  tracer.startActiveSpan('order_execution', (span) => {
    const { traceId, spanId } = span.spanContext();
    const [record] = logged((logger) => logger.info({ symbol: 'BTCUSDT' }, 'filled'));
    expect(record).toEqual({
      level: 30,
      msg: 'filled',
      symbol: 'BTCUSDT',
      trace_id: traceId,
      span_id: spanId,
      trace_flags: '03',
    });
  });
});

test('outside of a span a record is as without us, whatever was written before', () => {
  const { tracer } = testTracing();
  const records = logged((logger) => {
    tracer.startActiveSpan('x', () => logger.info('inside'));
    logger.info({ first: 1 }, 'a');
    logger.child({ child: true }).warn('b');
    context.with(trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext(invalid)), () => {
      logger.error('c');
    });
  });
  expect(records.slice(1)).toEqual([
    { level: 30, msg: 'a', first: 1 },
    { level: 40, msg: 'b', child: true },
    { level: 50, msg: 'c' },
  ]);
});

const invalid = { traceId: '', spanId: '', traceFlags: 0 };

test('a span that is not sampled is named as well, and its flags say so', () => {
  const { tracer } = testTracing({ sampler: 'always_off' });
  tracer.startActiveSpan('x', (span) => {
    const [record] = logged((logger) => logger.info('y'));
    expect(record?.trace_id).toBe(span.spanContext().traceId);
    expect(record?.trace_flags).toBe('02');
  });
});
