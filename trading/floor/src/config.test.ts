import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { SYSTEMS } from './systems.ts';

test('without flags all systems run, one process of each service', () => {
  const { floor, isJson, exitsWithParent } = readConfig([], { PATH: '/bin' });
  expect(floor.systems).toEqual(SYSTEMS.map(({ name }) => name));
  expect(floor.replicas.size).toBe(0);
  expect({ isJson, exitsWithParent }).toEqual({ isJson: false, exitsWithParent: false });
});

test('flags choose systems, replicas, brokers and faults', () => {
  const { floor } = readConfig(
    [
      ...['--systems', 'orders', '--replicas', 'orders=2', '--nats', 'nats://127.0.0.1:4222'],
      ...['--fault', 'clock-skew=-1500ms@orders', '--fault', 'broker-restart=5000ms'],
    ],
    {},
  );
  expect(floor).toMatchObject({ systems: ['orders'], nats: 'nats://127.0.0.1:4222' });
  expect([...floor.replicas]).toEqual([['orders', 2]]);
  expect(floor.faults.map(({ kind }) => kind)).toEqual(['service', 'broker-restart']);
});

test('processes see our environment, but not what governs the server, and spans go where --otlp says', () => {
  const environment = {
    HOME: '/home/trader',
    THROUGHLINE_TOKEN: 'secret',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
  };
  const { floor } = readConfig(['--otlp', 'http://127.0.0.1:4318'], environment);
  expect(floor.environment).toEqual({
    HOME: '/home/trader',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
  });
});

test.each([
  ['--systems futures', 'no system "futures"'],
  ['--replicas nobody=2', 'no service "nobody"'],
  ['--replicas orders=0', 'from 1 to 32'],
  ['--replicas orders', 'from 1 to 32'],
  ['--fault slow-consumer=1ms@nobody', 'no service "nobody"'],
  ['--natz x', '--natz'],
])('%s is refused', (flags, message) => {
  expect(() => readConfig(flags.split(' '), {})).toThrow(message);
});

test('every service of the table has its script', () => {
  const services = SYSTEMS.flatMap(({ layouts }) => layouts.flatMap((layout) => layout.services));
  const scripts = services.map(({ script }) => script);
  for (const script of scripts) {
    expect(existsSync(new URL(`../../../${script}`, import.meta.url)), script).toBe(true);
  }
});
