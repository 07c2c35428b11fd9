import type { CollectedSpan } from './orders-collector.ts';

/**
 * What hangs below what, each combination once: `service kind name < service name`, or `< -` for a
 * root. Text, so that a test can say in one list what there is, and that there is nothing else.
 */
export function edgesOf(spans: readonly CollectedSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const edges = spans.map(({ service, kind, name, parentSpanId }) => {
    const parent = byId.get(parentSpanId ?? '');
    const above = parent ? `${parent.service} ${parent.name}` : (parentSpanId ?? '-');
    return `${service} ${kind} ${name} < ${above}`;
  });
  return [...new Set(edges)].sort();
}
