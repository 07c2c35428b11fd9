import fc from 'fast-check';
import { expect, test } from 'vitest';
import { capText, redact, redactedText, redactText } from './redaction.ts';

test('values of sensitive keys are hidden at any depth, and the original is untouched', () => {
  const original = { user: 'u1', auth: { apiKey: 'k', list: [{ secret: { deep: 1 } }, 'x'] } };
  expect(redact(original)).toEqual({
    user: 'u1',
    auth: { apiKey: '[redacted]', list: [{ secret: '[redacted]' }, 'x'] },
  });
  expect(original.auth.apiKey).toBe('k');
});

test('what JSON cannot carry, and what has no end, becomes short text', () => {
  const endless: Record<string, unknown> = { big: 10n, run: () => 1, at: new Date(0) };
  endless.self = endless;
  const text = redactedText(endless, 5_000);
  expect(text).toContain('"big":"10","run":"[function]"');
  expect(text.length).toBeLessThan(5_000);
  expect(redactedText(undefined, 10)).toBe('undefined');
  expect(redactedText('api_key=abc', 100)).toBe('api_key=[redacted]');
  expect(redactText('token: abc')).toBe('token: [redacted]');
});

test('a secret is hidden before the text is cut, so that no part of it is shown', () => {
  const text = `${'x'.repeat(50)} ${'k3Y'.repeat(21)}k`;
  expect(redactedText(text, 70)).toBe(`${'x'.repeat(50)} [redacted]`);
});

test('a cap keeps the beginning, shows the cut, and never splits a character', () => {
  expect(capText('abcdef', 6)).toBe('abcdef');
  expect(capText('abcdefg', 6)).toBe('abcde…');
  expect(capText('ab🙂cd', 4)).toBe('ab…');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, max) => {
      const capped = capText(text, max);
      expect(capped.length).toBeLessThanOrEqual(max);
      expect(capped.isWellFormed()).toBe(true);
    }),
  );
});

test('no value makes redaction throw, and no secret survives it', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (value) => {
      const text = redactedText({ other: value, password: 'hunter2', 'api-key': value }, 10_000);
      expect(text).not.toContain('hunter2');
    }),
  );
});
