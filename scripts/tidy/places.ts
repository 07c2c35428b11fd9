import { isCode, isProduct, matches, packageOf, type Rule, type Violation } from './sources.ts';

const LINES_MAX = 400;
const TEST_LINES_MAX = 700;

export const noExportStar: Rule = (sources) =>
  sources
    .filter(isCode)
    .flatMap((source) =>
      matches(source, /^\s*export\s+(type\s+)?\*/gm, 'export-star', 'name what is exported'),
    );

/** Statements, not words: a keyword pair in capitals. */
const SQL =
  /\b(SELECT\s[^;]*?\sFROM|INSERT INTO|CREATE TABLE|ALTER TABLE|DROP TABLE|DELETE FROM)\s/g;

/** The server's is in packages/store, that of a reference system in one folder of it. */
const SQL_PLACE = /^(packages\/store|trading\/[^/]+\/src\/(storage|database))\//;

export const sqlInStore: Rule = (sources) =>
  sources
    .filter((source) => isProduct(source) || source.path.endsWith('.sql'))
    .filter((source) => !SQL_PLACE.test(source.path))
    .flatMap((source) => matches(source, SQL, 'sql-in-store', 'SQL belongs to packages/store'));

export const environmentInConfig: Rule = (sources) =>
  sources
    .filter((source) => isProduct(source) && !/(^|\/)config\.ts$/.test(source.path))
    .flatMap((source) =>
      matches(source, /\bprocess\.env\b/g, 'environment', 'read the environment in config.ts'),
    );

export const fetchInClient: Rule = (sources) =>
  sources
    .filter((source) => packageOf(source.path) === 'packages/ui' && isProduct(source))
    .filter((source) => source.path !== 'packages/ui/src/api/client.ts')
    .flatMap((source) =>
      matches(source, /\bfetch\(|XMLHttpRequest/g, 'fetch', 'ask through src/api/client.ts'),
    );

export const noInnerHtml: Rule = (sources) =>
  sources
    .filter((source) => packageOf(source.path) === 'packages/ui' && isCode(source))
    .flatMap((source) =>
      matches(source, /innerHTML|insertAdjacentHTML/gi, 'inner-html', 'let React escape it'),
    );

export const codedErrors: Rule = (sources) =>
  sources
    .filter((source) => isProduct(source) && packageOf(source.path) !== 'packages/ui')
    .flatMap((source) =>
      matches(
        source,
        /\bthrow new Error\(/g,
        'coded-errors',
        'throw a ThroughlineError with a code',
      ),
    );

export const sizes: Rule = (sources) =>
  sources.filter(isCode).flatMap((source): Violation[] => {
    const lines = source.text.split('\n').length - 1;
    const most = isProduct(source) ? LINES_MAX : TEST_LINES_MAX;
    if (lines <= most) return [];
    const message = `${lines} lines, at most ${most}: one idea per file`;
    return [{ path: source.path, line: most + 1, rule: 'sizes', message }];
  });

/** A table's file has the table's name, which SQL writes with underscores. */
const NAME =
  /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|d|config|module))?\.(ts|tsx|mjs|css)$|^[a-z_-]+\.sql$/;

export const names: Rule = (sources) =>
  sources.flatMap((source): Violation[] => {
    const file = source.path.slice(source.path.lastIndexOf('/') + 1);
    if (file.endsWith('.md') || NAME.test(file)) return [];
    const message = 'file names are kebab-case';
    return [{ path: source.path, line: 1, rule: 'names', message }];
  });

/**
 * A value that a file exports is used by another file (a package's door counts), or it is not exported.
 * Types are free: those of a public signature should have a name that others can write.
 */
export const noDeadExports: Rule = (sources) => {
  const code = sources.filter(isCode);
  const words = new Map(
    code.map((source) => [source.path, new Set(source.text.match(/[A-Za-z_$][\w$]*/g) ?? [])]),
  );
  return code.filter(isProduct).flatMap((source) =>
    [...source.text.matchAll(EXPORTED)].flatMap((match): Violation[] => {
      const name = match[1] ?? '';
      for (const [path, used] of words) if (path !== source.path && used.has(name)) return [];
      const line = source.text.slice(0, match.index).split('\n').length;
      const message = `nothing else uses ${name}: do not export it, or remove it`;
      return [{ path: source.path, line, rule: 'dead-exports', message }];
    }),
  );
};

const EXPORTED =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class) ([A-Za-z_$][\w$]*)/gm;

/** Every error code stands in docs/reference/errors.md, and nothing else does. */
export const documentedErrors: Rule = (sources) => {
  const list = sources.find((source) => source.path === 'packages/model/src/errors.ts');
  const page = sources.find((source) => source.path === 'docs/reference/errors.md');
  if (!list || !page) return [];
  const codes = new Set([...list.text.matchAll(/^ {2}(TL_[A-Z_]+):/gm)].map((match) => match[1]));
  const documented = new Set([...page.text.matchAll(/\bTL_[A-Z_]+/g)].map((match) => match[0]));
  const violation = (path: string, message: string): Violation[] => [
    { path, line: 1, rule: 'documented-errors', message },
  ];
  return [
    ...[...codes].flatMap((code) =>
      documented.has(String(code)) ? [] : violation(page.path, `${code} is missing`),
    ),
    ...[...documented].flatMap((code) =>
      codes.has(code) ? [] : violation(page.path, `${code} is not a code`),
    ),
  ];
};
