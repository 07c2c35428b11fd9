import type { Database } from '../database.ts';
import { BUCKET_TABLES, type BucketTable } from '../retention/limits.ts';
import { query } from '../sql.ts';

const TABLE_PLACES = query('table-places');
const TABLE_ROWS = query('table-rows');

/** Where the engine keeps the parts of a table. */
export interface TablePlace {
  readonly table: BucketTable;
  /** An absolute path. */
  readonly path: string;
}

/** In the order of {@link BUCKET_TABLES}. */
export async function tablePlaces(database: Pick<Database, 'rows'>): Promise<TablePlace[]> {
  const rows = await database.rows<{ name: string; path: string }>(TABLE_PLACES, {
    tables: BUCKET_TABLES,
  });
  return BUCKET_TABLES.flatMap((table) => {
    const row = rows.find(({ name }) => name === table);
    return row ? [{ table, path: row.path }] : [];
  });
}

/** How many rows each table has; a table without any is not in the answer. */
export async function storedRows(database: Pick<Database, 'rows'>): Promise<Map<string, number>> {
  const named = { tables: BUCKET_TABLES };
  const rows = await database.rows<{ table: string; rows: string }>(TABLE_ROWS, named);
  return new Map(rows.map(({ table, rows: count }) => [table, Number(count)]));
}
