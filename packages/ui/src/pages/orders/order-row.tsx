import { ATTR, formatDuration, formatTime, type LifecycleRow } from '@throughline/model';
import { FlagList } from '../../components/flag-list.tsx';
import { OrderLink } from '../../components/order-link.tsx';
import { StageBar } from '../../components/stage-bar.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { attributeText, formatClock, formatNs } from '../../lib/format.ts';
import styles from './order-list.module.css';

/**
 * What the length of a bar stands for: the order's time beside the slowest one's, or only its
 * parts.
 */
export type BarScale = 'duration' | 'share';

interface OrderRowProps {
  readonly row: LifecycleRow;
  /** The duration that fills the width. */
  readonly fullNs: bigint;
  readonly scale: BarScale;
  readonly current: boolean;
}

function quantityText(row: LifecycleRow): string {
  const ordered = attributeText(row.attributes, ATTR.orderQuantity);
  const filled = attributeText(row.attributes, ATTR.orderCumQuantity);
  return filled === '' || filled === ordered ? ordered : `${filled} / ${ordered}`;
}

export function OrderRow({ row, fullNs, scale, current }: OrderRowProps) {
  const side = attributeText(row.attributes, ATTR.orderSide);
  const share = fullNs > 0n ? Number(row.durationNs) / Number(fullNs) : 0;
  return (
    <tr className={styles.row} data-current={current || undefined}>
      <td className={styles.key}>
        <OrderLink orderKey={row.key} attributes={row.attributes} />
      </td>
      <td>
        <StatusBadge status={row.status} />
      </td>
      <td className={styles.symbol}>{attributeText(row.attributes, ATTR.tradingSymbol)}</td>
      <td className={styles.side} data-side={side.toLowerCase()}>
        {side.toLowerCase()}
      </td>
      <td className={`${styles.number} ${styles.quantity}`}>{quantityText(row)}</td>
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
