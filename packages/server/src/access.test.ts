import type { IncomingHttpHeaders } from 'node:http';
import { ThroughlineError } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accessCheck, parsePublicHosts } from './access.ts';

/** The code with which the check refuses, or 'allowed'. */
function outcome(headers: IncomingHttpHeaders, token?: string, publicHosts?: string[]): string {
  try {
    accessCheck(token, publicHosts)(headers);
    return 'allowed';
  } catch (error) {
    return error instanceof ThroughlineError ? error.code : 'thrown';
  }
}

test('localhost and addresses may be called, however they are written', () => {
  const hosts = [
    ...['localhost:4318', 'LOCALHOST', 'localhost.', 'Localhost.:4318'],
    ...['127.0.0.1:4318', '10.0.0.7', '[::1]:4318', '[::1]', '[::FFFF:127.0.0.1]:4318'],
  ];
  for (const host of hosts) expect([host, outcome({ host })]).toEqual([host, 'allowed']);
});

test('names that DNS could rebind, and what is no host at all, are refused', () => {
  const hosts = [
    ...['evil.example:4318', 'localhost.evil.example', '1.2.3.4.example', 'localhost..'],
    ...['', ':4318', 'localhost:', 'localhost:4318:4318', 'localhost:123456', 'localhost:x'],
    ...['localhost@evil.example', 'evil.example/localhost', 'localhost#', '::1', '[localhost]'],
    ...['2130706433', '0x7f.1', '127.1', '[::1', ' localhost'],
  ];
  for (const host of hosts) expect([host, outcome({ host })]).toEqual([host, 'TL_FORBIDDEN_HOST']);
  expect(outcome({})).toBe('TL_FORBIDDEN_HOST');
});

test('no other text is a host of ours', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (host) => {
      const ours = /^(localhost\.?|[\d.]+|\[[\da-f:.]+\])(:\d{1,5})?$/i.test(host);
      if (!ours) expect(outcome({ host })).toBe('TL_FORBIDDEN_HOST');
    }),
  );
});

test('a public name may be called as well, with a token only it', () => {
  const names = parsePublicHosts('Traces.example., lan-box');
  for (const host of ['traces.example', 'TRACES.example.:443', 'lan-box:4318', 'localhost']) {
    expect([host, outcome({ host }, undefined, names)]).toEqual([host, 'allowed']);
  }
  expect(outcome({ host: 'sub.traces.example' }, undefined, names)).toBe('TL_FORBIDDEN_HOST');
  const authorization = 'Bearer secret';
  expect(outcome({ host: 'lan-box', authorization }, 'secret', names)).toBe('allowed');
  expect(outcome({ host: 'evil.example', authorization }, 'secret', names)).toBe(
    'TL_FORBIDDEN_HOST',
  );
});

test('a public name with a scheme, a port or nothing in it is refused', () => {
  expect(parsePublicHosts(undefined)).toEqual([]);
  for (const text of ['https://a.example', 'a.example:443', '', 'a,,b', '*', 'a b', '-a']) {
    expect(() => parsePublicHosts(text)).toThrow('--public-host');
  }
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
