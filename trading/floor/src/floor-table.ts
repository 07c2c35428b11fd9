/** One process of the floor. */
export interface FloorRow {
  /** `-` for what belongs to no system: the exchange, a broker. */
  readonly system: string;
  readonly service: string;
  /** `1/4`: the first of four. */
  readonly replica: string;
  /** What its messages travel over: a broker's address, or `in process`. */
  readonly transport: string;
  readonly pid: number;
  /** Of /healthz, /readyz and /metrics; undefined where a process has none. */
  readonly health: string | undefined;
}

const HEADER = ['SYSTEM', 'SERVICE', 'REPLICA', 'TRANSPORT', 'PID', 'HEALTH'];

/** What runs where: one line a process, in columns. */
export function tableText(rows: readonly FloorRow[]): string {
  const lines = [HEADER, ...rows.map(cellsOf)];
  const widths = HEADER.map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  return lines
    .map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

function cellsOf({ system, service, replica, transport, pid, health }: FloorRow): string[] {
  return [system, service, replica, transport, `${pid}`, health ?? '-'];
}
