import { expect, test } from 'vitest';
import { parseFloorFault } from './floor-fault.ts';

test('a fault of a service goes to that service as it is', () => {
  expect(parseFloorFault('slow-consumer=200ms@tradeengine')).toEqual({
    kind: 'service',
    service: 'tradeengine',
    fault: { name: 'slow-consumer', value: 200 },
    text: 'slow-consumer=200ms',
  });
});

test('what is between the services fails every so many milliseconds', () => {
  expect(parseFloorFault('broker-restart=10000ms')).toEqual({
    kind: 'broker-restart',
    everyMs: 10_000,
  });
  expect(parseFloorFault('exchange-disconnect=500ms')).toMatchObject({ everyMs: 500 });
});

test.each([
  ['slow-consumer=200ms', 'needs the service'],
  ['slow-consumer=200ms@', 'needs the service'],
  ['slow-consumer=200@tradeengine', 'milliseconds'],
  ['nothing=1@tradeengine', 'the faults are'],
  ['broker-restart', 'needs how often'],
  ['broker-restart=0ms', 'needs how often'],
  ['broker-restart=5ms@tradeengine', 'no service'],
])('%s is refused, with what it needs', (text, message) => {
  expect(() => parseFloorFault(text)).toThrow(message);
});
