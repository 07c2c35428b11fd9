import { expect, test } from 'vitest';
import { type Fault, parseFault } from './fault.ts';

test.each<[string, Fault]>([
  ['slow-consumer=200ms', { name: 'slow-consumer', value: 200 }],
  ['poisoned-message', { name: 'poisoned-message', value: 0.01 }],
  ['poisoned-message=0.5', { name: 'poisoned-message', value: 0.5 }],
  ['lost-trace-header=0.1', { name: 'lost-trace-header', value: 0.1 }],
  ['duplicate-delivery=1', { name: 'duplicate-delivery', value: 1 }],
  ['clock-skew=-1500ms', { name: 'clock-skew', value: -1_500 }],
])('%s is read', (text, fault) => {
  expect(parseFault(text)).toEqual(fault);
});

test.each([
  ['broken', 'the faults are'],
  ['toString=1', 'the faults are'],
  ['slow-consumer', 'milliseconds'],
  ['slow-consumer=200', 'milliseconds'],
  ['slow-consumer=-1ms', 'positive milliseconds'],
  ['lost-trace-header', 'share'],
  ['lost-trace-header=1.1', 'share'],
  ['lost-trace-header=-0.1', 'share'],
  ['lost-trace-header=0.1=2', 'the faults are'],
])('%s is refused, with what it needs', (text, message) => {
  expect(() => parseFault(text)).toThrow(message);
});
