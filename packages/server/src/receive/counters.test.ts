import { nowNs } from '@throughline/model';
import { expect, test } from 'vitest';
import { IngestCounters } from './counters.ts';

test('every request is counted once, accepted or rejected by reason', () => {
  const counters = new IngestCounters();
  expect(counters.snapshot()).toEqual({ requests: 0, spansAccepted: 0, rejected: {} });
  const before = nowNs();
  counters.accept(3);
  counters.accept(0);
  counters.reject('TL_OVERLOADED', 7);
  counters.reject('TL_OVERLOADED', 1);
  counters.reject('TL_UNAUTHORIZED', 0);
  const { lastReceivedAt, ...sums } = counters.snapshot();
  expect(sums).toEqual({
    requests: 5,
    spansAccepted: 3,
    rejected: {
      TL_OVERLOADED: { requests: 2, spans: 8 },
      TL_UNAUTHORIZED: { requests: 1, spans: 0 },
    },
  });
  expect(lastReceivedAt).toBeGreaterThanOrEqual(before);
});

test('a snapshot does not change with later requests', () => {
  const counters = new IngestCounters();
  counters.reject('TL_OVERLOADED', 1);
  const snapshot = counters.snapshot();
  counters.reject('TL_OVERLOADED', 1);
  expect(snapshot.rejected.TL_OVERLOADED).toEqual({ requests: 1, spans: 1 });
});
