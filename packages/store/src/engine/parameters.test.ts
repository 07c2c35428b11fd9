import { expect, test } from 'vitest';
import { parseParameter } from './parameters.ts';

test('a string loses the escaping of the HTTP interface', () => {
  expect(parseParameter("it\\'s a \\t tab, a \\\\ and a \\n line")).toBe(
    "it's a \t tab, a \\ and a \n line",
  );
});

test('an absent value is null', () => {
  expect(parseParameter('\\N')).toBeNull();
});

test('an array keeps quotes, commas and brackets inside its strings', () => {
  expect(parseParameter("['a','it\\'s, [b]','']")).toEqual(['a', "it's, [b]", '']);
  expect(parseParameter('[1,-2]')).toEqual(['1', '-2']);
  expect(parseParameter('[]')).toEqual([]);
});

test.each(["['a'", "['a' 'b']", "[,'a']"])('%s is no array', (text) => {
  expect(() => parseParameter(text)).toThrow(RangeError);
});
