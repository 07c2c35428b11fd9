import { expect, test } from 'vitest';
import { type ExposureOptions, exposureOf } from './exposure.ts';

const SAFE = 'a-token-of-24-characters';
const TLS = { tlsCert: 'cert.pem', tlsKey: 'key.pem' };

function exposure(given: Partial<ExposureOptions>) {
  return exposureOf({
    host: '0.0.0.0',
    ingestToken: undefined,
    readToken: undefined,
    publicHost: undefined,
    tlsCert: undefined,
    tlsKey: undefined,
    tlsClientCa: undefined,
    ...given,
  });
}

function messageOf(given: Partial<ExposureOptions>): string {
  try {
    exposure(given);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

test('loopback is open without a token', () => {
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', '[::1]', 'localhost', 'LOCALHOST']) {
    expect([host, exposure({ host }).warnings]).toEqual([host, []]);
  }
  expect(exposure({ host: 'localhost' }).host).toBe('127.0.0.1');
  expect(exposure({ host: '[::1]' }).host).toBe('::1');
});

test('any other address needs a token for both sides, or TLS', () => {
  for (const host of ['0.0.0.0', '::', '192.168.0.9', 'localhost.example', '127.0.0.1.example']) {
    expect(messageOf({ host })).toContain('send and read spans');
    expect(messageOf({ host, ingestToken: SAFE })).toContain('network read spans');
    expect(messageOf({ host, readToken: SAFE })).toContain('network send spans');
  }
  expect(exposure({ ingestToken: SAFE, readToken: SAFE }).warnings).toEqual([
    expect.stringContaining('unencrypted'),
  ]);
});

test('TLS without a token for a side starts with a warning that names the side', () => {
  expect(exposure(TLS).warnings).toEqual([expect.stringContaining('may send and read spans')]);
  const mutual = { ...TLS, tlsClientCa: 'ca.pem' };
  expect(exposure(mutual).warnings).toEqual([expect.stringContaining('may read spans')]);
  expect(exposure({ ...mutual, readToken: SAFE }).warnings).toEqual([]);
  expect(exposure({ ...TLS, ingestToken: SAFE, readToken: SAFE }).warnings).toEqual([]);
});

test('TLS needs both of its files', () => {
  for (const given of [{ tlsCert: 'a' }, { tlsKey: 'a' }, { tlsClientCa: 'a' }]) {
    expect(messageOf(given)).toContain('both --tls-cert and --tls-key');
  }
});

test('a token is long enough for the network, fits in a header, and is not shown', () => {
  expect(exposure({ host: '::1', ingestToken: 'short', readToken: 'short' }).asksSenders).toBe(
    true,
  );
  for (const token of ['short', 'fifteen-letters', 'with blanks in the middle', 'ü'.repeat(16)]) {
    const message = messageOf({ ingestToken: token, readToken: SAFE });
    expect(message).toContain('the ingest token has');
    expect(message).not.toContain(token);
  }
  for (const token of ['line\nbreak', 'quote"', '']) {
    expect(messageOf({ host: '::1', readToken: token })).toContain('the read token');
  }
});
