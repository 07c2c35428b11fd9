import { nowNs, ThroughlineError } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IngestCounters, senderText } from './counters.ts';

const OVERLOADED = new ThroughlineError('TL_OVERLOADED', 'the journal is full', { hint: 'Wait.' });
const MALFORMED = new ThroughlineError('TL_OTLP_MALFORMED', 'no trace_id');

function from(sender: string, spanCount = 0) {
  return { sender, spanCount };
}

test('every request is counted once, by protocol and in all', () => {
  const counters = new IngestCounters();
  expect(counters.snapshot()).toEqual({
    requests: 0,
    spansAccepted: 0,
    rejected: {},
    protocols: {},
    refusals: [],
  });
  const before = nowNs();
  counters.of('otlp-http').accept(3);
  counters.of('otlp-http').accept(0);
  counters.of('otlp-http').reject(OVERLOADED, from('a', 7));
  counters.of('zipkin').reject(OVERLOADED, from('a', 1));
  counters.of('zipkin').reject(MALFORMED, from('a'));
  const { lastReceivedAt, refusals, ...sums } = counters.snapshot();
  expect(sums).toEqual({
    requests: 5,
    spansAccepted: 3,
    rejected: {
      TL_OVERLOADED: { requests: 2, spans: 8 },
      TL_OTLP_MALFORMED: { requests: 1, spans: 0 },
    },
    protocols: {
      'otlp-http': {
        requests: 3,
        spansAccepted: 3,
        rejected: { TL_OVERLOADED: { requests: 1, spans: 7 } },
        lastReceivedAt,
      },
      zipkin: {
        requests: 2,
        spansAccepted: 0,
        rejected: {
          TL_OVERLOADED: { requests: 1, spans: 1 },
          TL_OTLP_MALFORMED: { requests: 1, spans: 0 },
        },
      },
    },
  });
  expect(refusals).toHaveLength(3);
  expect(lastReceivedAt).toBeGreaterThanOrEqual(before);
});

test('spans left out of an accepted request are counted without a request', () => {
  const counters = new IngestCounters();
  counters.of('otlp-http').accept(511);
  counters.of('otlp-http').leaveOut(MALFORMED, from('a', 1));
  expect(counters.snapshot()).toMatchObject({
    requests: 1,
    spansAccepted: 511,
    rejected: { TL_OTLP_MALFORMED: { requests: 0, spans: 1 } },
    refusals: [{ code: 'TL_OTLP_MALFORMED', spans: 1, count: 1 }],
  });
});

test('refusals are remembered newest first, with the fix in the message', () => {
  const counters = new IngestCounters();
  counters.of('otlp-http').reject(MALFORMED, from('a'));
  counters.of('otlp-http').reject(OVERLOADED, from('b', 2));
  counters.of('otlp-http').reject(MALFORMED, from('a', 3));
  const { refusals } = counters.snapshot();
  const at = expect.any(BigInt);
  const protocol = 'otlp-http';
  expect(refusals).toEqual([
    {
      at,
      protocol,
      sender: 'a',
      code: 'TL_OTLP_MALFORMED',
      message: 'no trace_id',
      spans: 3,
      count: 2,
    },
    {
      at,
      protocol,
      sender: 'b',
      code: 'TL_OVERLOADED',
      message: 'the journal is full. Wait.',
      spans: 2,
      count: 1,
    },
  ]);
});

test('a flood of senders and messages takes a bounded place', () => {
  const counters = new IngestCounters();
  for (let index = 0; index < 1_000; index += 1) {
    const error = new ThroughlineError('TL_BAD_REQUEST', 'x'.repeat(10_000));
    counters.of('zipkin').reject(error, from(`${index} ${'y'.repeat(10_000)}`));
  }
  const { refusals, rejected } = counters.snapshot();
  expect(refusals).toHaveLength(50);
  expect(refusals[0]?.sender).toMatch(/^999 y+$/);
  for (const { sender, message } of refusals) {
    expect(sender.length + message.length).toBeLessThanOrEqual(1_200);
  }
  expect(rejected).toEqual({ TL_BAD_REQUEST: { requests: 1_000, spans: 0 } });
});

test('a snapshot does not change with later requests', () => {
  const counters = new IngestCounters();
  counters.of('zipkin').reject(OVERLOADED, from('a', 1));
  const snapshot = counters.snapshot();
  counters.of('zipkin').reject(OVERLOADED, from('a', 1));
  expect(snapshot.rejected.TL_OVERLOADED).toEqual({ requests: 1, spans: 1 });
  expect(snapshot.refusals[0]).toMatchObject({ count: 1, spans: 1 });
});

test('a sender is one printable line, whatever it calls itself', () => {
  expect(senderText('127.0.0.1', 'otel-js/1.0')).toBe('127.0.0.1 (otel-js/1.0)');
  expect(senderText('::1', undefined)).toBe('::1');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      expect(senderText(undefined, name)).toMatch(/^unknown \([ -~]{0,200}\)$/);
    }),
  );
});
