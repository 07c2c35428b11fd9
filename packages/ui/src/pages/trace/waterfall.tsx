import { useVirtualizer } from '@tanstack/react-virtual';
import { formatDuration, type Span } from '@throughline/model';
import { useEffect, useMemo, useRef } from 'react';
import { TimeAxis } from '../../components/time-axis.tsx';
import { serviceHues } from '../../lib/palette.ts';
import { formatOffset } from '../../lib/time-scale.ts';
import type { TreeRow } from '../../lib/tree.ts';
import { useWidth } from '../../lib/use-width.ts';
import styles from './waterfall.module.css';

const ROW_HEIGHT_PX = 28;
const OVERSCAN_ROWS = 15;
const INDENT_PX = 14;

/** Deeper spans are not moved further in: their names would leave the column. */
const INDENTS_MAX = 16;

/**
 * A duration needs about this share of the line: it is written after the bar, else before, else in
 * it.
 */
const LENGTH_SHARE = 0.2;

interface WaterfallProps {
  readonly rows: readonly TreeRow<Span>[];
  readonly extent: { readonly beginNs: bigint; readonly endNs: bigint };
  readonly collapsed: ReadonlySet<string>;
  readonly selected: string | undefined;
  readonly onSelect: (spanId: string) => void;
  readonly onFold: (spanId: string) => void;
}

interface RowProps extends Omit<WaterfallProps, 'rows'> {
  readonly row: TreeRow<Span>;
  readonly hue: number;
}

interface BarProps {
  readonly span: Span;
  readonly hue: number;
  readonly extent: WaterfallProps['extent'];
}

function Bar({ span, hue, extent }: BarProps) {
  const total = Math.max(Number(extent.endNs - extent.beginNs), 1);
  const left = Number(span.startNs - extent.beginNs) / total;
  const width = Math.max(Number(span.endNs - span.startNs) / total, 0);
  const room = 1 - left - width >= LENGTH_SHARE ? 'after' : left >= LENGTH_SHARE ? 'before' : 'in';
  const lengthPlace =
    room === 'after'
      ? { left: `${(left + width) * 100}%` }
      : { right: `${(1 - (room === 'before' ? left : left + width)) * 100}%` };
  return (
    <span className={styles.bars} data-hue={hue}>
      <span
        className={styles.bar}
        style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
        data-error={span.status.code === 'error' || undefined}
      />
      <span className={styles.length} style={lengthPlace} data-in={room === 'in' || undefined}>
        {formatDuration(span.endNs - span.startNs)}
      </span>
    </span>
  );
}

function Row({ row, hue, extent, collapsed, selected, onSelect, onFold }: RowProps) {
  const { span, depth, descendants, orphan } = row;
  const folded = collapsed.has(span.spanId);
  const current = span.spanId === selected;
  const offset = formatOffset(span.startNs - extent.beginNs);
  const length = formatDuration(span.endNs - span.startNs);
  return (
    <>
      <span
        className={styles.name}
        style={{ paddingLeft: Math.min(depth, INDENTS_MAX) * INDENT_PX }}
      >
        {descendants > 0 ? (
          <button
            type="button"
            className={styles.fold}
            aria-expanded={!folded}
            aria-label={`${folded ? 'Unfold' : 'Fold'} ${span.name}`}
            onClick={() => onFold(span.spanId)}
          >
            {folded ? `▸ ${descendants}` : '▾'}
          </button>
        ) : (
          <span className={styles.fold} />
        )}
        <button
          type="button"
          className={styles.title}
          aria-pressed={current}
          title={`${span.name} (${span.service}) · ${offset}, ${length}`}
          onClick={() => onSelect(span.spanId)}
        >
          <span className={styles.service} data-hue={hue}>
            {span.service}
          </span>
          {span.name}
          {span.status.code === 'error' && <span className={styles.error}>error</span>}
          {orphan && (
            <span className={styles.orphan} title="Its parent is not in the store">
              parent missing
            </span>
          )}
          {span.links.length > 0 && (
            <span className={styles.links} title={`${span.links.length} links to other spans`}>
              ⇠ {span.links.length}
            </span>
          )}
        </button>
      </span>
      <Bar span={span} hue={hue} extent={extent} />
    </>
  );
}

/** The spans of a trace as a tree, with bars on one axis. Only lines in view are drawn. */
export function Waterfall(props: WaterfallProps) {
  const { rows, extent, selected } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const axis = useRef<HTMLDivElement>(null);
  const widthPx = useWidth(axis);
  const spans = useMemo(() => rows.map(({ span }) => span), [rows]);
  const hueOf = useMemo(() => serviceHues(spans), [spans]);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: OVERSCAN_ROWS,
  });
  const selectedIndex = rows.findIndex(({ span }) => span.spanId === selected);
  useEffect(() => {
    if (selectedIndex >= 0) virtualizer.scrollToIndex(selectedIndex);
  }, [selectedIndex, virtualizer]);
  const window = { fromNs: 0, toNs: Math.max(Number(extent.endNs - extent.beginNs), 1) };
  return (
    <section className={styles.waterfall} aria-label="Waterfall">
      <div className={styles.head}>
        <span>Service and operation</span>
        <div ref={axis} className={styles.axis}>
          <TimeAxis window={window} widthPx={widthPx} />
        </div>
      </div>
      <div ref={scroller} className={styles.scroller}>
        <ol className={styles.rows} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            if (!row) return null;
            return (
              <li
                key={row.span.spanId}
                className={styles.row}
                style={{ transform: `translateY(${start}px)` }}
                data-current={row.span.spanId === selected || undefined}
                aria-posinset={index + 1}
                aria-setsize={rows.length}
              >
                <Row {...props} row={row} hue={hueOf(row.span.service)} />
              </li>
            );
          })}
        </ol>
      </div>
    </section>
  );
}
