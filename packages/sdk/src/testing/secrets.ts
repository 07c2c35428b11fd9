import fc from 'fast-check';

const base62 = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789');
const hexDigit = fc.constantFrom(...'0123456789abcdef');
const word = (length: number) => fc.string({ unit: base62, minLength: length, maxLength: length });
const hex = (length: number) => fc.string({ unit: hexDigit, minLength: length, maxLength: length });
const base64 = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((given) => Buffer.from(given).toString('base64'));
const hasLetter = (text: string) => /[A-Za-z]/.test(text);
const jsonPart = fc
  .record({ sub: word(12), n: fc.nat() })
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));

/** A secret of every shape that is known, alone: keys, tokens, credentials. */
export const secret = fc.oneof(
  fc.tuple(jsonPart, jsonPart, word(43)).map((parts) => parts.join('.')),
  fc.tuple(jsonPart, jsonPart).map((parts) => parts.join('.')),
  word(24).map((token) => `Bearer ${token}`),
  fc
    .tuple(word(6), word(12))
    .map((pair) => `Basic ${Buffer.from(pair.join(':')).toString('base64')}`),
  fc
    .string({
      unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'),
      minLength: 16,
      maxLength: 16,
    })
    .map((id) => `AKIA${id}`),
  word(36).map((token) => `ghp_${token}`),
  word(30).map((token) => `github_pat_${token}`),
  word(20).map((token) => `glpat-${token}`),
  word(36).map((token) => `npm_${token}`),
  word(35).map((token) => `AIza${token}`),
  word(24).map((token) => `sk-ant-${token}`),
  word(24).map((token) => `whsec_${token}`),
  word(24).map((token) => `xapp-1-${token}`),
  fc
    .string({
      unit: fc.constantFrom(...'123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'),
      minLength: 107,
      maxLength: 107,
    })
    .map((key) => `xprv${key}`),
  word(24).map((token) => `xoxb-12345-${token}`),
  word(24).map((token) => `sk_live_${token}`),
  fc.tuple(fc.integer({ min: 1e8, max: 1e9 }), word(33)).map(([id, token]) => `${id}:AA${token}`),
  word(64).filter(hasLetter),
  hex(64).filter(hasLetter),
  base64(64),
  word(200).map((body) => `-----BEGIN EC PRIVATE KEY-----\n${body}\n-----END EC PRIVATE KEY-----`),
);

const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max });
const asset = fc.constantFrom('BTC', 'ETH', 'USDT', 'USD', 'EUR', 'SOL', '1000PEPE');

/** What trading systems write all day, none of it secret. */
export const tradingValue = fc.oneof(
  fc.tuple(asset, asset).map((pair) => pair.join('')),
  fc.tuple(asset, asset).map(([base, quote]) => `${base}/${quote}:${quote}`),
  fc.tuple(digits(1, 12), digits(1, 18)).map((parts) => parts.join('.')),
  digits(1, 30),
  fc.uuid(),
  fc.uuid().map((id) => id.toUpperCase()),
  hex(16),
  hex(32),
  hex(64).map((hash) => `0x${hash}`),
  word(22),
  fc.tuple(hex(32), hex(16)).map(([trace, span]) => `00-${trace}-${span}-01`),
  fc.tuple(fc.nat(), fc.nat()).map(([user, order]) => `user-${user}/order-${order}`),
  word(27).map((id) => `x-HNA2TXFJ${id}`.slice(0, 36)),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom('buy', 'sell', 'LIMIT', 'GTC', 'PARTIALLY_FILLED', 'BTC-27DEC24-60000-C', 'ESZ5'),
  fc.constantFrom(
    'market.data.BTCUSDT',
    'orders:7',
    'https://host:8080/v1/traces?symbol=BTC&limit=5',
  ),
  fc
    .tuple(asset, digits(1, 8), digits(1, 8))
    .map(
      ([symbol, price, size]) => `8=FIX.4.4|35=D|49=US|56=THEM|55=${symbol}|44=${price}|38=${size}`,
    ),
);
