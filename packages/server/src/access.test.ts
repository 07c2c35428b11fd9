import type { IncomingHttpHeaders } from 'node:http';
import { ThroughlineError } from '@throughline/model';
import { expect, test } from 'vitest';
import { accessCheck } from './access.ts';

/** The code with which the check refuses, or 'allowed'. */
function outcome(headers: IncomingHttpHeaders, token?: string): string {
  try {
    accessCheck(token)(headers);
    return 'allowed';
  } catch (error) {
    return error instanceof ThroughlineError ? error.code : 'thrown';
  }
}

test('localhost and addresses may be called, names that DNS could rebind may not', () => {
  for (const host of ['localhost:4318', 'LOCALHOST', '127.0.0.1:4318', '[::1]:4318', '10.0.0.7']) {
    expect(outcome({ host })).toBe('allowed');
  }
  for (const host of ['evil.example:4318', 'localhost.evil.example', '', '1.2.3.4.example']) {
    expect(outcome({ host })).toBe('TL_FORBIDDEN_HOST');
  }
  expect(outcome({})).toBe('TL_FORBIDDEN_HOST');
});

test('a web page is refused, even of the same host and with the token', () => {
  expect(outcome({ host: 'localhost:4318', origin: 'http://localhost:4318' })).toBe(
    'TL_FORBIDDEN_HOST',
  );
  const headers = { host: 'localhost', origin: 'null', authorization: 'Bearer secret' };
  expect(outcome(headers, 'secret')).toBe('TL_FORBIDDEN_HOST');
});

test('with a token only its bearer may call, under any name', () => {
  const host = 'traces.example:4318';
  expect(outcome({ host, authorization: 'Bearer secret' }, 'secret')).toBe('allowed');
  expect(outcome({ host, authorization: 'bearer secret' }, 'secret')).toBe('allowed');
  for (const authorization of ['Bearer secre', 'Bearer secret2', 'secret', 'Basic secret', '']) {
    expect(outcome({ host, authorization }, 'secret')).toBe('TL_UNAUTHORIZED');
  }
  expect(outcome({ host }, 'secret')).toBe('TL_UNAUTHORIZED');
});
