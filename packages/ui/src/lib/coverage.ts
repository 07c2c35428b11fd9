import type { Hop } from '@throughline/model';
import { formatMany } from './format.ts';

/** The hop as the way of its messages; a temporary destination is the way of an answer. */
export function hopText({ producer, destination, consumer }: Hop): string {
  return [producer ?? 'unknown', destination === '' ? 'an answer' : destination, consumer].join(
    ' → ',
  );
}

/** What to do about the messages that lost their context, and the links: nothing when none did. */
export function adviceOf(hop: Hop): readonly string[] {
  const { missing, malformed, missed, orphaned, linksDropped, transport, producer } = hop;
  const sender = producer ?? 'the sender';
  const advice: [count: number, text: (what: string) => string][] = [
    [
      missing,
      (what) =>
        `${what} came without context: something on the way drops headers, or ${sender} does not ` +
        `send through the ${transport} adapter of the sdk.`,
    ],
    [
      malformed,
      (what) =>
        `${what} came with a context that breaks the W3C rules: something on the way rewrites it.`,
    ],
    [
      missed,
      (what) =>
        `${what} found no context under a business id: the registry forgot it, or never had it. ` +
        'Raise its bounds, or share it between instances.',
    ],
    [
      orphaned,
      (what) =>
        `The send of ${what} never came: does ${sender} export to this server, and does it drop ` +
        'spans (throughline_sdk_spans_dropped_total)?',
    ],
  ];
  const lost = advice
    .filter(([count]) => count > 0)
    .map(([count, text]) => text(formatMany(count, 'message')));
  if (linksDropped === 0) return lost;
  const links = formatMany(linksDropped, 'link');
  return [...lost, `${links} did not fit on a span: raise OTEL_SPAN_LINK_COUNT_LIMIT.`];
}
