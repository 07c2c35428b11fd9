import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** One file of ours: its path from the root, with slashes, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** A rule that a place breaks, and what to do instead. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

/** A rule sees all sources at once, since layering and cycles need them all. */
export type Rule = (sources: readonly Source[]) => Violation[];

const FOLDERS = ['packages', 'trading', 'scripts', 'test', 'bench', 'docs'];
const LEFT_OUT = new Set(['node_modules', 'dist', '.git']);

/** Reads everything the rules look at, below the root of the repository. */
export function readSources(root: string): Source[] {
  const sources: Source[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!LEFT_OUT.has(entry.name)) visit(path);
      } else if (/\.(ts|tsx|mjs|sql|md|css)$/.test(entry.name)) {
        sources.push({ path, text: readFileSync(join(root, path), 'utf8') });
      }
    }
  };
  const present = new Set(readdirSync(root));
  for (const folder of FOLDERS) if (present.has(folder)) visit(folder);
  return sources;
}

export function isCode(source: Source): boolean {
  return /\.tsx?$/.test(source.path);
}

/** Code that ships: no tests, nothing that only tests use (`testing/`), no scripts. */
export function isProduct(source: Source): boolean {
  if (source.path.includes('/testing/')) return false;
  return (
    isCode(source) &&
    !/\.test\.tsx?$/.test(source.path) &&
    /^(packages|trading)\//.test(source.path)
  );
}

/** The workspace package that a path belongs to: `packages/sdk`, `trading/orders`; else its first folder. */
export function packageOf(path: string): string {
  const [first, second] = path.split('/');
  return first === 'packages' || first === 'trading' ? `${first}/${second}` : String(first);
}

/** One `import` or `export ... from`, type imports included; dynamic `import()` too. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
}

const IMPORT =
  /^\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

export function importsOf(source: Source): Import[] {
  return [...source.text.matchAll(IMPORT)].map((match) => ({
    specifier: match[1] ?? match[2] ?? match[3] ?? '',
    line: lineAt(source.text, match.index),
  }));
}

/** The path that a relative specifier names, from the root of the repository. */
export function resolveImport(from: string, specifier: string): string {
  return normalize(join(dirname(from), specifier)).replaceAll('\\', '/');
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** Every match of the pattern (with the `g` flag) outside comments, as violations. */
export function matches(
  source: Source,
  pattern: RegExp,
  rule: string,
  message: string,
): Violation[] {
  const code = source.text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, (comment) =>
    comment.replace(/[^\n]/g, ' '),
  );
  return [...code.matchAll(pattern)].map((match) => ({
    path: source.path,
    line: lineAt(code, match.index),
    rule,
    message,
  }));
}
