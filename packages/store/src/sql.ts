import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The text of `queries/<name>.sql`. Read once, when the module that needs it loads. */
export function query(name: string): string {
  return read('queries', `${name}.sql`);
}

/** The statements of `schema/<name>.sql`. */
export function statements(name: string): string[] {
  return read('schema', `${name}.sql`)
    .split(/;\s*\n/)
    .filter((statement) => statement.trim() !== '');
}

/** The text of a file beside the statements. */
export function read(...path: string[]): string {
  return readFileSync(join(import.meta.dirname, ...path), 'utf8');
}
