import { expect, test } from 'vitest';
import { ClickHouseException, exceptionAnswer } from './exceptions.ts';

test('an exception of our own has the form of the engine’s', () => {
  const error = new ClickHouseException('UNKNOWN_ROLE', 'There are no roles.');
  expect(exceptionAnswer(error)).toEqual({
    code: 511,
    status: 404,
    text: 'Code: 511. DB::Exception: There are no roles. (UNKNOWN_ROLE)\n',
  });
});

test('an exception that the library wrapped is unwrapped', () => {
  const message =
    'Code: 73. DB::Exception: Code: 73. DB::Exception: Unknown format Nope. (UNKNOWN_FORMAT) ' +
    '(version 26.7.2.1). (UNKNOWN_FORMAT)';
  expect(exceptionAnswer(new Error(message))).toEqual({
    code: 73,
    status: 404,
    text: 'Code: 73. DB::Exception: Unknown format Nope. (UNKNOWN_FORMAT)\n',
  });
});

test('any other error is one of the standard library', () => {
  expect(exceptionAnswer(new RangeError('boom'))).toEqual({
    code: 1001,
    status: 500,
    text: 'Code: 1001. DB::Exception: boom (STD_EXCEPTION)\n',
  });
});

test.each([
  [60, 404],
  [62, 400],
  [159, 408],
  [164, 500],
  [194, 401],
  [202, 500],
  [241, 500],
  [516, 403],
])('code %i is answered with status %i', (code, status) => {
  expect(exceptionAnswer(new Error(`Code: ${code}. DB::Exception: x`)).status).toBe(status);
});
