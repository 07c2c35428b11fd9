import type { Attributes } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { goesOutside } from './withheld-context.ts';

const address = (host: string, url?: string): Attributes => ({
  'server.address': host,
  ...(url === undefined ? {} : { 'url.full': url }),
});

test.each([
  undefined,
  {},
  { 'rpc.system': 'grpc' },
  address('localhost'),
  address('localhost', 'http://localhost:8080/orders?to=api.exchange.example'),
  address('orders', 'https://user:password@orders/'),
  address('orders', 'HTTP://orders#api.exchange.example'),
  { 'url.full': 'http://[::1]:8080/' },
  // IPv6 as instrumentations write it: in brackets in both, in one, or in none.
  address('[::1]', 'http://[::1]:8080/'),
  address('::1', 'http://[::1]:8080/'),
  address('::1', 'http://::1/'),
  // Reached by clients of their own.
  { ...address('db.cloud.example'), 'db.system.name': 'postgresql' },
  { ...address('db.cloud.example'), 'db.system': 'postgresql' },
  { ...address('broker.cloud.example'), 'messaging.system': 'kafka' },
])('a client’s span with %j is not of a request to outside', (attributes) => {
  expect(goesOutside(attributes, [])).toBe(false);
});

test.each([
  address('api.exchange.example'),
  address('api.exchange.example', 'https://api.exchange.example/orders'),
  { 'url.full': 'https://api.exchange.example/orders' },
  { 'url.full': 'nonsense' },
  { 'server.address': 7 },
  // A proxy of ours passes it on.
  address('proxy.internal', 'http://proxy.internal:3128https://api.exchange.example/orders'),
  address('proxy.internal', 'http://api.exchange.example/orders'),
  address('proxy.internal', 'http://proxy.internal@api.exchange.example/orders'),
  // The address is cut at its first colon, or not understood at all.
  address('2606', 'http://2606:4700::1111/'),
  address('2a00', 'http://2a00::1/'),
  address('localhost', 'http://::ffff:8.8.8.8/'),
  address('local', 'http://local.exchange.example/'),
  address('localhost', 'http://localhost:80@api.exchange.example/'),
])('a client’s span with %j is of a request to outside', (attributes) => {
  expect(goesOutside(attributes, [])).toBe(true);
});

test('listed hosts are not outside, and with * none is, whatever passes the request on', () => {
  const listed = address('api.partner.example', 'https://api.partner.example:8443/');
  expect(goesOutside(listed, ['api.partner.example'])).toBe(false);
  const passedOn = address('proxy.internal', 'http://api.partner.example/');
  expect(goesOutside(passedOn, ['api.partner.example'])).toBe(true);
  expect(goesOutside(passedOn, ['*'])).toBe(false);
});
