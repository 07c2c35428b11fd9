import { useVirtualizer } from '@tanstack/react-virtual';
import type { LifecycleRow } from '@throughline/model';
import { type RefObject, useEffect, useMemo } from 'react';
import { fullWidthNs } from '../../lib/bar-scale.ts';
import type { LifecycleKind } from '../../lib/lifecycle-kinds.ts';
import styles from './order-list.module.css';
import { type BarScale, OrderRow } from './order-row.tsx';

const ROW_HEIGHT_PX = 32;
const OVERSCAN_ROWS = 12;
const LOAD_AHEAD_ROWS = 20;

interface OrderListProps {
  readonly kind: LifecycleKind;
  readonly rows: readonly LifecycleRow[];
  readonly scale: BarScale;
  readonly current: number | undefined;
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly onScale: (scale: BarScale) => void;
  readonly onScroll: (scrollTopPx: number) => void;
  readonly onPoint: () => void;
  readonly onNearEnd: () => void;
}

function Head({ kind, scale, onScale }: Pick<OrderListProps, 'kind' | 'scale' | 'onScale'>) {
  const other = scale === 'duration' ? 'share' : 'duration';
  return (
    <thead>
      <tr>
        <th className={styles.key}>{kind.keyLabel}</th>
        <th className={styles.status}>Status</th>
        {kind.columns.map(({ label, width }) => (
          <th
            key={label}
            className={`${width === 'quantity' ? `${styles.number} ` : ''}${styles[width]}`}
          >
            {label}
          </th>
        ))}
        <th className={styles.number}>Duration</th>
        <th className={styles.bar}>
          <span className={styles.barHead}>
            Where the time went
            <button
              type="button"
              className={styles.scale}
              title={
                scale === 'duration'
                  ? 'Bars are as long as it took; far longer ones are cut. Show shares instead'
                  : 'Bars show shares of each whole. Show how long it took instead'
              }
              onClick={() => onScale(other)}
            >
              {scale === 'duration' ? 'to scale' : 'as shares'}
            </button>
          </span>
        </th>
        <th className={styles.time}>Began (UTC)</th>
        <th className={styles.flags}>
          <span className="visually-hidden">Flags</span>
        </th>
      </tr>
    </thead>
  );
}

/**
 * The rows in view. Two spacer rows stand for those above and below, so the table stays a table.
 */
export function OrderList(props: OrderListProps) {
  const { kind, rows, scale, current, scroller, onScale, onScroll, onPoint, onNearEnd } = props;
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: OVERSCAN_ROWS,
  });
  const items = virtualizer.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? 0;
  const nearEnd = rows.length > 0 && lastIndex >= rows.length - LOAD_AHEAD_ROWS;
  useEffect(() => {
    if (nearEnd) onNearEnd();
  }, [nearEnd, onNearEnd]);
  useEffect(() => {
    if (current !== undefined) virtualizer.scrollToIndex(current);
  }, [current, virtualizer]);
  const fullNs = useMemo(() => fullWidthNs(rows.map((row) => row.durationNs)), [rows]);
  const abovePx = items[0]?.start ?? 0;
  const belowPx = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div
      ref={scroller}
      className={styles.scroller}
      onScroll={(event) => onScroll(event.currentTarget.scrollTop)}
      onPointerMove={onPoint}
    >
      <table className={styles.table} aria-label={kind.title} aria-rowcount={rows.length}>
        <Head kind={kind} scale={scale} onScale={onScale} />
        <tbody>
          <tr style={{ height: abovePx }} />
          {items.map(({ index }) => {
            const row = rows[index];
            return (
              row && (
                <OrderRow
                  key={row.key}
                  row={row}
                  columns={kind.columns}
                  fullNs={fullNs}
                  scale={scale}
                  current={index === current}
                />
              )
            );
          })}
          <tr style={{ height: belowPx }} />
        </tbody>
      </table>
    </div>
  );
}
