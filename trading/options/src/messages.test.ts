import { expect, test } from 'vitest';
import { instrumentQuote, isPoisoned, parseMessage } from './messages.ts';
import { QUOTE } from './testing/quotes.ts';

test('a quote is read as it was written', () => {
  expect(parseMessage(instrumentQuote, JSON.stringify(QUOTE))).toEqual(QUOTE);
});

test.each([
  ['no JSON', 'price: 12', 'the message is not JSON'],
  ['a price of zero', JSON.stringify({ ...QUOTE, price: '0.00' }), 'price: not a positive decimal'],
  ['a float', JSON.stringify({ ...QUOTE, price: 12.5 }), 'price: '],
  ['a day that is none', JSON.stringify({ ...QUOTE, expiry: '2015-02-30' }), 'expiry: '],
  ['nothing', 'null', 'message: '],
])('%s is refused by the name of the field', (_, text, message) => {
  try {
    parseMessage(instrumentQuote, text);
    expect.unreachable();
  } catch (error) {
    expect(isPoisoned(error)).toBe(true);
    expect(String(error)).toContain(message);
  }
});
