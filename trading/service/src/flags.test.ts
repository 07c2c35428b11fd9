import { parseArgs } from 'node:util';
import { expect, test } from 'vitest';
import { readServiceFlags, SERVICE_FLAGS } from './flags.ts';

test("the kit's flags are read from among the service's own", () => {
  const argv = ['--nats', 'nats://127.0.0.1:4222', '--health-port', '9101', '--exit-with-parent'];
  expect(readServiceFlags([...argv, '--fault', 'clock-skew=-5ms', '--verbose'])).toEqual({
    healthPort: 9_101,
    exitsWithParent: true,
    faults: [{ name: 'clock-skew', value: -5 }],
  });
});

test('without flags the port is a free one and nothing goes wrong', () => {
  expect(readServiceFlags([])).toEqual({ healthPort: 0, exitsWithParent: false, faults: [] });
});

test('a service can refuse flags that neither it nor the kit knows', () => {
  const options = { ...SERVICE_FLAGS, nats: { type: 'string' } } as const;
  const args = ['--nats', 'x', '--fault', 'poisoned-message', '--health-port', '1'];
  expect(parseArgs({ args, options }).values).toMatchObject({ nats: 'x', 'health-port': '1' });
  expect(() => parseArgs({ args: ['--natz', 'x'], options })).toThrow();
});

test.each(['-1', '65536', 'http', ''])('the health port %j is refused', (port) => {
  expect(() => readServiceFlags([`--health-port=${port}`])).toThrow('--health-port');
});
