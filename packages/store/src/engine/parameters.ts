/**
 * Bound parameters as they come over ClickHouse's HTTP interface (`param_name=value`, the value in
 * the TabSeparated escaping) turned into the values that chdb binds. chdb escapes a string itself,
 * so the escaping has to be undone first.
 */
export type ParameterValue = string | null | ParameterValue[];

/** @throws RangeError when an array literal is malformed */
export function parseParameter(text: string): ParameterValue {
  if (text === '\\N') return null;
  if (text.startsWith('[')) return parseArray(text);
  return unescapeText(text);
}

const ESCAPES: Readonly<Record<string, string>> = {
  t: '\t',
  n: '\n',
  r: '\r',
  b: '\b',
  f: '\f',
  '0': '\0',
};

function unescapeText(text: string): string {
  return text.replace(/\\(.)/gs, (_, char: string) => ESCAPES[char] ?? char);
}

const ELEMENT = /\s*(?:'((?:[^'\\]|\\.)*)'|([^,\]'[\s]+))\s*([,\]])/gsy;

/** An array of strings and numbers: `['a','it\'s',5]`. */
function parseArray(text: string): ParameterValue[] {
  if (text === '[]') return [];
  const values: ParameterValue[] = [];
  ELEMENT.lastIndex = 1;
  for (;;) {
    const match = ELEMENT.exec(text);
    if (!match) throw new RangeError('malformed array parameter');
    values.push(match[1] === undefined ? (match[2] ?? '') : unescapeText(match[1]));
    if (match[3] === ']') return values;
  }
}
