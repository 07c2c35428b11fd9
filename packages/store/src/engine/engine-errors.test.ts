import { ClickHouseError } from '@clickhouse/client';
import { expect, test } from 'vitest';
import { clickhouseCode, toThroughlineError } from './engine-errors.ts';

test.each([
  ['159', 'TL_QUERY_TIMEOUT'],
  ['158', 'TL_QUERY_TOO_LARGE'],
  ['241', 'TL_QUERY_TOO_LARGE'],
  ['396', 'TL_QUERY_TOO_LARGE'],
  ['202', 'TL_ENGINE_UNAVAILABLE'],
  ['236', 'TL_ENGINE_UNAVAILABLE'],
  ['243', 'TL_QUERY_FAILED'],
  ['60', 'TL_QUERY_FAILED'],
  ['40', 'TL_QUERY_FAILED'],
])('code %s is %s, says what to do and keeps its cause', (code, expected) => {
  const cause = new ClickHouseError({ message: 'as the engine says it', code, type: 'X' });
  const error = toThroughlineError(cause);
  expect(error).toMatchObject({ code: expected, cause, hint: expect.any(String) });
  expect(clickhouseCode(error)).toBe(Number(code));
});

test('an unknown code is told as the engine tells it', () => {
  const cause = new ClickHouseError({ message: 'no such column', code: '47', type: 'X' });
  expect(toThroughlineError(cause)).toMatchObject({
    code: 'TL_QUERY_FAILED',
    message: 'the engine refused the query (47): no such column',
    hint: undefined,
  });
});

test('an engine that does not answer is unavailable', () => {
  const error = toThroughlineError(new RangeError('socket hang up'));
  expect(error.code).toBe('TL_ENGINE_UNAVAILABLE');
  expect(clickhouseCode(error)).toBeUndefined();
});
