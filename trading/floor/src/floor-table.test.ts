import { expect, test } from 'vitest';
import { tableText } from './floor-table.ts';

test('what runs where stands in columns', () => {
  const text = tableText([
    {
      system: '-',
      service: 'exchange',
      replica: '1/1',
      transport: 'http://127.0.0.1:9000',
      pid: 7,
      health: undefined,
    },
    {
      system: 'options',
      service: 'processor',
      replica: '1/4',
      transport: '127.0.0.1:9092',
      pid: 12_345,
      health: 'http://127.0.0.1:9101',
    },
  ]);
  expect(text.split('\n')).toEqual([
    'SYSTEM   SERVICE    REPLICA  TRANSPORT              PID    HEALTH',
    '-        exchange   1/1      http://127.0.0.1:9000  7      -',
    'options  processor  1/4      127.0.0.1:9092         12345  http://127.0.0.1:9101',
  ]);
});
