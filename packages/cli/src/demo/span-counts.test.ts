import { afterEach, expect, test, vi } from 'vitest';
import { countSpans } from './span-counts.ts';

const METRICS = `# HELP throughline_sdk_spans_exported_total Spans that the receiver took.
throughline_sdk_spans_exported_total 120
throughline_sdk_spans_dropped_total{reason="queue_full"} 1
throughline_sdk_spans_dropped_total{reason="shutdown"} 2
throughline_sdk_messages_consumed_total{outcome="with_context"} 90
throughline_sdk_messages_consumed_total{outcome="without_context"} 10
`;
const ROW = { system: 'signals', service: 'ta-bot', replica: '1/1', transport: 'in process' };

afterEach(() => {
  vi.unstubAllGlobals();
});

test('the counts of all services that can be asked are summed up', async () => {
  vi.stubGlobal('fetch', async () => new Response(METRICS));
  const rows = [{ ...ROW, health: 'http://a' }, { ...ROW, health: 'http://b' }, ROW];
  expect(await countSpans(rows)).toEqual({
    services: 2,
    exported: 240,
    dropped: 6,
    messages: 200,
    withContext: 180,
  });
});

test('a service that does not answer is named', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('refused')));
  await expect(countSpans([{ ...ROW, health: 'http://a' }])).rejects.toThrow('ta-bot');
});
