import { type Span, type SpanOptions, trace } from '@opentelemetry/api';
import { ATTR, LINK_TYPE } from '@throughline/model';
import { expect, test } from 'vitest';
import { readable, testTracing } from '../testing/tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { TypedLink } from './link.ts';
import { startLinkedRoot } from './linked-root.ts';

/** The same tracing, keeping every span that is started. */
function recording(tracing: Tracing): { tracing: Tracing; spans: Span[] } {
  const spans: Span[] = [];
  const inner = tracing.tracer;
  const keep = (span: Span): Span => {
    spans.push(span);
    return span;
  };
  const tracer: Tracing['tracer'] = Object.assign(Object.create(inner), {
    startSpan: (...args: Parameters<typeof inner.startSpan>) => keep(inner.startSpan(...args)),
    startWith: (...args: Parameters<typeof inner.startWith>) => keep(inner.startWith(...args)),
  });
  return { tracing: { ...tracing, tracer }, spans };
}

const causes = (tracing: Tracing, count: number): TypedLink[] =>
  Array.from({ length: count }, (_, index) => ({
    spanContext: tracing.tracer
      .startSpan(`cause ${index}`, { root: true } as SpanOptions)
      .spanContext(),
    type: LINK_TYPE.filledBy,
  }));

test('no cause is lost, and each is linked exactly once, over the root and its supplements', () => {
  for (const count of [0, 1, 3, 4, 6, 7, 20]) {
    const base = testTracing({ limits: { linkCountMax: 3 } });
    const links = causes(base, count);
    const { tracing, spans } = recording(base);
    const root = startLinkedRoot(tracing, 'fill_matching', links, {});
    root.end();
    expect(spans).toHaveLength(Math.max(1, Math.ceil(count / 3)));
    const linked = spans.flatMap((span) => readable(span).links.map((link) => link.context.spanId));
    expect(linked).toEqual(links.map((link) => 'spanContext' in link && link.spanContext?.spanId));
    expect(spans.every((span) => readable(span).ended)).toBe(true);
    for (const supplement of spans.slice(1)) {
      expect(readable(supplement)).toMatchObject({
        name: 'fill_matching',
        parentSpanContext: { spanId: root.span.spanContext().spanId },
        attributes: { [ATTR.supplement]: true },
      });
    }
  }
});

test('the root is a root even when a span is active', () => {
  const tracing = testTracing();
  const outer = tracing.tracer.startSpan('outer');
  const context = trace.setSpan(startLinkedRoot(tracing, 'x', [], {}).context, outer);
  expect(trace.getSpan(context)).toBe(outer);
  tracing.tracer.startActiveSpan('active', () => {
    const root = readable(startLinkedRoot(tracing, 'fill_matching', [], {}).span);
    expect(root.parentSpanContext).toBeUndefined();
  });
});

test('a start time in the past is the start of the supplements as well', () => {
  const base = testTracing({ limits: { linkCountMax: 1 } });
  const links = causes(base, 2);
  const { tracing, spans } = recording(base);
  startLinkedRoot(tracing, 'order_batching', links, { startTime: [1_700_000_000, 5] });
  expect(spans.map((span) => readable(span).startTime)).toEqual([
    [1_700_000_000, 5],
    [1_700_000_000, 5],
  ]);
});
