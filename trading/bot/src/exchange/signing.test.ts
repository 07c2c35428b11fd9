import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { signedQuery } from './signing.ts';

test('what is signed is the query as it is sent', () => {
  const parameters = new URLSearchParams({ symbol: 'BTCUSDT', note: 'a b&c', timestamp: '1' });
  const signed = signedQuery(parameters, { apiKey: 'k', apiSecret: 's3cret' });
  const [payload, signature] = signed.split('&signature=');
  expect(payload).toBe('symbol=BTCUSDT&note=a+b%26c&timestamp=1');
  expect(signature).toBe(createHmac('sha256', 's3cret').update(String(payload)).digest('hex'));
  expect(signed).not.toContain('s3cret');
});
