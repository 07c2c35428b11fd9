import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The text of `queries/<name>.sql`. Read once, when the module that needs it loads. */
export function query(name: string): string {
  return read('queries', `${name}.sql`);
}

/** The statements of a file beside this one, or at an absolute path. */
export function statements(...path: string[]): string[] {
  return read(...path)
    .split(/;\s*\n/)
    .filter((statement) => statement.trim() !== '');
}

/** The text of a file beside this one, or at an absolute path. */
export function read(...path: string[]): string {
  return readFileSync(resolve(import.meta.dirname, ...path), 'utf8');
}
