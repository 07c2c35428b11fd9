/** Of senders, messages and reasons. */
const CHARS_SHOWN = 300;

/** Text of strangers, cut, and without what a terminal would obey or show in another order. */
export function printable(text: string): string {
  const cut = text.length > CHARS_SHOWN ? `${text.slice(0, CHARS_SHOWN)}...` : text;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?');
}

/** Columns two spaces apart; those of numbers end together. */
export function aligned(rows: readonly string[][], right: ReadonlySet<number>): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return right.has(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** With commas between thousands. */
export function count(value: number): string {
  return value.toLocaleString('en');
}

/** A count with its noun: `1 span`, `2 spans`. */
export function many(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}
