import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostIsTrusted, hostPattern } from './host-trust.ts';

test.each([
  ...['127.0.0.1', '127.255.255.254', '127.0.0.1:8080', '10.0.0.1', '10.255.255.255:443'],
  ...['172.16.0.1', '172.31.255.255', '192.168.0.1', '169.254.169.254'],
  ...[
    '::1',
    '[::1]',
    '[::1]:8080',
    '0:0:0:0:0:0:0:1',
    'fc00::1',
    'fdab:1::2',
    'FE80::1',
    'febf::1',
  ],
  ...['fe80::1%eth0', '::ffff:127.0.0.1', '[::ffff:10.0.0.1]:80', '::FFFF:7F00:1'],
  ...['localhost', 'LocalHost:3000', 'localhost.', 'api.localhost', 'orders', 'order_manager:4000'],
  ...['printer.local', 'orders.desk.svc.cluster.local', 'orders.desk.svc', 'db.internal.'],
  ...['NAS.LAN', 'router.home.arpa', 'ip-10-0-0-1.ec2.internal'],
])('%s is ours by its form', (host) => {
  expect(hostIsTrusted(host, [])).toBe(true);
});

test.each([
  ...['api.exchange.example', 'api.exchange.example.', 'API.EXCHANGE.EXAMPLE:443', 'example.com'],
  ...['8.8.8.8', '172.15.0.1', '172.32.0.1', '192.169.0.1', '11.0.0.1', '169.253.0.1', '0.0.0.0'],
  ...[
    '2606:4700::1111',
    '[2606:4700::1111]:443',
    '::',
    '::2',
    'fec0::1',
    'fe7f::1',
    '::ffff:8.8.8.8',
  ],
  // IPv4 within IPv6 in other ways than mapped is routed by somebody else.
  ...['::127.0.0.1', '64:ff9b::127.0.0.1', '2002:7f00:1::'],
  // Addresses in forms that look harmless, or that readers understand differently.
  ...['127.1', '0x7f.1', '0x7f.0.0.1', '0x08080808', '0x', '2130706433', '134744072', '0177.0.0.1'],
  ...[
    '010.0.0.1',
    '127.0.0.1.',
    '127.0.0',
    '127.0.0.1.1',
    '127.0.0.256',
    '１２７.0.0.1',
    '127。0。0。1',
  ],
  // What only looks like one of ours.
  ...[
    'localhost.example.com',
    'local.example',
    'svc.example.com',
    'notlocal.com',
    'xlocal.example',
  ],
  ...['evil.example.com#.local', 'api.exchange.example/.local', 'a.example@b.local', 'a b.local'],
  ...['127.0.0.1@api.example.com', '[127.0.0.1]', '[localhost]', '[::1', '::1]', 'io.', 'a..local'],
  ...['', '.', '..', ':', ':80', '[]', '%6cocalhost', 'lo\ncalhost', '.local', '-', 'unix:/x.sock'],
])('%j is not clearly ours, so it is not trusted', (host) => {
  expect(hostIsTrusted(host, [])).toBe(false);
});

/** @param listed as the configuration holds them */
function isListed(host: string, ...listed: string[]): boolean {
  const patterns = listed.map((text) => hostPattern(text) ?? `no pattern: ${text}`);
  return hostIsTrusted(host, patterns);
}

test('a listed name is trusted, in any case, with a port or a dot at its end', () => {
  for (const host of [
    'risk.partner.example',
    'RISK.partner.example:8443',
    'risk.partner.example.',
  ]) {
    expect(isListed(host, 'Risk.Partner.example.')).toBe(true);
  }
  expect(isListed('x.risk.partner.example', 'risk.partner.example')).toBe(false);
  expect(isListed('partner.example', 'risk.partner.example')).toBe(false);
});

test('a listed suffix trusts the names below it, at any depth, and nothing else', () => {
  expect(isListed('a.partner.example', '*.partner.example')).toBe(true);
  expect(isListed('A.b.Partner.example:1', '*.partner.example')).toBe(true);
  expect(isListed('partner.example', '*.partner.example')).toBe(false);
  expect(isListed('evilpartner.example', '*.partner.example')).toBe(false);
  expect(isListed('partner.example.evil.example', '*.partner.example')).toBe(false);
});

test('a listed address is trusted in each of its usual forms', () => {
  expect(isListed('203.0.113.5:80', '203.0.113.5')).toBe(true);
  expect(isListed('203.0.113.50', '203.0.113.5')).toBe(false);
  for (const host of ['2001:db8::1', '[2001:DB8:0:0::1]:443', '2001:0db8:0:0:0:0:0:1']) {
    expect(isListed(host, '[2001:DB8::1]')).toBe(true);
  }
  expect(isListed('2001:db8::2', '2001:db8::1')).toBe(false);
});

test('a list adds to what is ours, and * trusts everything', () => {
  expect(isListed('localhost', 'a.example')).toBe(true);
  expect(isListed('b.example', 'a.example', '*.example')).toBe(true);
  for (const host of ['api.exchange.example', '0x08080808', '']) {
    expect(isListed(host, '*')).toBe(true);
  }
});

test.each([
  ...['', ' ', '*.', '**', '*a.example', 'a.*.example', 'a.example:443', 'https://a.example'],
  ...[
    'a.example/x',
    '10.0.0.0/8',
    '127.1',
    '*.1',
    '*.0.0.1',
    '[::1]:80',
    '[a.example]',
    'a b',
    'ä.example',
  ],
])('%j cannot be listed', (text) => {
  expect(hostPattern(text)).toBeUndefined();
});

test('no text makes it throw, and what is listed is trusted, however it is written', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.domain(), fc.ipV6()), (host) => {
      hostIsTrusted(host, []);
      const pattern = hostPattern(host);
      if (pattern === undefined) return;
      expect(hostPattern(pattern)).toBe(pattern);
      expect(hostIsTrusted(host.replace('*', 'x'), [pattern])).toBe(true);
      expect(hostIsTrusted(host.replace('*', 'x').toUpperCase(), [pattern])).toBe(true);
    }),
  );
});

test('of all IPv4 addresses just those of the private networks are ours', () => {
  fc.assert(
    fc.property(fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)), (bytes) => {
      const [a, b] = bytes;
      const isPrivate =
        a === 10 ||
        a === 127 ||
        (a === 172 && b >= 16 && b <= 31) ||
        (a === 192 && b === 168) ||
        (a === 169 && b === 254);
      expect(hostIsTrusted(bytes.join('.'), [])).toBe(isPrivate);
      expect(hostIsTrusted(`::ffff:${bytes.join('.')}`, [])).toBe(isPrivate);
    }),
  );
});
