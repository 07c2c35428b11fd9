import type { Rule, Violation } from './sources.ts';

const PAGE = 'docs/reference/threat-model.md';

/** A test as the page names it: `path`: "title". */
const NAMED = /`([\w./-]+\.test\.ts)`: "([^"]+)"/g;

/** Every row of a table of threats ends with a test, and every test that is named there exists. */
export const shownThreats: Rule = (sources) => {
  const page = sources.find((source) => source.path === PAGE);
  if (!page) return [];
  const texts = new Map(sources.map((source) => [source.path, source.text]));
  return page.text.split('\n').flatMap((text, index): Violation[] => {
    const violation = (message: string): Violation[] => [
      { path: PAGE, line: index + 1, rule: 'shown-threats', message },
    ];
    const tests = [...text.matchAll(NAMED)];
    if (/^\| \*\*/.test(text) && tests.length === 0) return violation('no test shows this threat');
    return tests.flatMap(([, path = '', title = '']) => {
      const test = texts.get(path);
      if (test === undefined) return violation(`there is no ${path}`);
      return test.includes(`'${title}'`) ? [] : violation(`${path} has no test "${title}"`);
    });
  });
};
