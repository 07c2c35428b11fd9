import { type ReactNode, useState } from 'react';
import styles from './record-table.module.css';

export interface Column<Row> {
  readonly label: string;
  /** `text` wraps and takes the room that others leave. */
  readonly kind?: 'number' | 'text';
  readonly cell: (row: Row) => ReactNode;
}

interface RecordTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
}

/** The others come on demand, so that what stands below is not far. */
const ROWS_SHOWN = 8;

/** A table whose rows become cards, with every value named, where there is no room for columns. */
export function RecordTable<Row>({ label, columns, rows, keyOf }: RecordTableProps<Row>) {
  const [all, setAll] = useState(false);
  return (
    <>
      <table className={`data-table ${styles.records}`} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.label} className={column.kind}>
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, all ? rows.length : ROWS_SHOWN).map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td key={column.label} className={column.kind} data-label={column.label}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {!all && rows.length > ROWS_SHOWN && (
        <button type="button" className="button small" onClick={() => setAll(true)}>
          Show all {rows.length}
        </button>
      )}
    </>
  );
}
