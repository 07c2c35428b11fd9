import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from './database.ts';
import { query } from './sql.ts';

interface DetachedPartRow {
  table: string;
  name: string;
  reason: string;
  path: string;
}

/**
 * Parts of tables that the engine could not read. It sets them aside when it starts, and says
 * nothing: their rows are silently missing.
 *
 * @returns one line for each, to be shown to an operator
 */
export async function findDetachedParts(database: Database): Promise<string[]> {
  const rows = await database.rows<DetachedPartRow>(query('detached-parts'), {});
  return Promise.all(
    rows.map(async ({ table, name, reason, path }) => {
      const missing = await rowsOf(path);
      const lost = missing === undefined ? '' : `, ${missing} row(s) are missing`;
      return `part ${name} of ${table} is set aside: ${reason}${lost}`;
    }),
  );
}

/** A part keeps the number of its rows in a file of its own. */
async function rowsOf(path: string): Promise<number | undefined> {
  const text = await readFile(join(path, 'count.txt'), 'utf8').catch(() => '');
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
