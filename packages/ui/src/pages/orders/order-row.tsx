import { formatDuration, formatTime, type LifecycleRow } from '@throughline/model';
import { FlagList } from '../../components/flag-list.tsx';
import { LifecycleLink } from '../../components/lifecycle-link.tsx';
import { StageBar } from '../../components/stage-bar.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { formatClock, formatNs } from '../../lib/format.ts';
import type { LifecycleColumn } from '../../lib/lifecycle-kinds.ts';
import styles from './order-list.module.css';

/**
 * What the length of a bar stands for: the order's time beside the slowest one's, or only its
 * parts.
 */
export type BarScale = 'duration' | 'share';

interface OrderRowProps {
  readonly row: LifecycleRow;
  readonly columns: readonly LifecycleColumn[];
  /** The duration that fills the width. */
  readonly fullNs: bigint;
  readonly scale: BarScale;
  readonly current: boolean;
}

function Cell({ column, row }: { column: LifecycleColumn; row: LifecycleRow }) {
  const text = column.text(row);
  const number = column.width === 'quantity' ? `${styles.number} ` : '';
  return (
    <td
      className={`${number}${styles[column.width]}`}
      data-side={column.width === 'side' ? text : undefined}
      title={text}
    >
      {text}
    </td>
  );
}

export function OrderRow({ row, columns, fullNs, scale, current }: OrderRowProps) {
  const share = fullNs > 0n ? Number(row.durationNs) / Number(fullNs) : 0;
  return (
    <tr className={styles.row} data-current={current || undefined}>
      <td className={styles.key}>
        <LifecycleLink name={row.name} lifecycleKey={row.key} attributes={row.attributes} />
      </td>
      <td>
        <StatusBadge status={row.status} />
      </td>
      {columns.map((column) => (
        <Cell key={column.label} column={column} row={row} />
      ))}
      <td className={styles.number} title={formatNs(row.durationNs)}>
        {formatDuration(row.durationNs)}
      </td>
      <td className={styles.bar}>
        <StageBar
          stages={row.stages}
          totalNs={row.durationNs}
          share={scale === 'share' ? 1 : share}
        />
      </td>
      <td className={styles.time} title={`${formatTime(row.begin)} to ${formatTime(row.end)}`}>
        {formatClock(row.begin)}
      </td>
      <td className={styles.flags}>
        <FlagList flags={row.flags} />
      </td>
    </tr>
  );
}
