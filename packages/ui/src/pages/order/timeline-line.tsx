import { formatDuration, type Segment, type SpanRef } from '@throughline/model';
import { type Bar, type Line, visibleBars } from '../../lib/lanes.ts';
import { type Fill, KIND_TEXT, stageId } from '../../lib/palette.ts';
import { formatOffset, positionOf, spanOf, type TimeWindow } from '../../lib/time-scale.ts';
import styles from './timeline.module.css';

interface TimelineLineProps {
  readonly line: Line;
  readonly hue: number;
  /** It is the first of its service. */
  readonly opens: boolean;
  readonly window: TimeWindow;
  readonly widthPx: number;
  readonly originNs: bigint;
  readonly owners: ReadonlyMap<SpanRef, readonly Segment[]>;
  readonly fillOf: (segment: Segment) => Fill;
  readonly selected: SpanRef | undefined;
  readonly lit: string | undefined;
  readonly onSelect: (ref: SpanRef) => void;
  readonly onLit: (stage: string | undefined) => void;
}

/** Where a stretch lies on screen. Cut at the edges: browsers lose precision far outside. */
function placeOf(fromNs: number, toNs: number, window: TimeWindow) {
  const left = Math.min(Math.max(positionOf(fromNs, window), -0.05), 1.05);
  const right = Math.min(Math.max(positionOf(toNs, window), -0.05), 1.05);
  return { left: `${left * 100}%`, width: `${(right - left) * 100}%` };
}

function barText(bar: Bar): string {
  const { name, service, relevance, status } = bar.span;
  const length = formatDuration(BigInt(bar.toNs - bar.fromNs));
  const parts = [`${name} (${service})`, `${formatOffset(BigInt(bar.fromNs))}, ${length}`];
  if (relevance === 'shared') parts.push('shared with other orders');
  if (status.code === 'error') parts.push('error');
  return parts.join(' · ');
}

function SegmentMark(props: TimelineLineProps & { segment: Segment; owner: SpanRef }) {
  const { segment, owner, window, originNs, fillOf, lit, onLit, onSelect } = props;
  const id = stageId(segment);
  const length = formatDuration(segment.toNs - segment.fromNs);
  const slack = formatDuration(segment.slackNs);
  const what = `${segment.label} (${KIND_TEXT[segment.kind]})`;
  const text = `Critical path: ${what}, ${length}, slack ${slack}`;
  const place = placeOf(Number(segment.fromNs - originNs), Number(segment.toNs - originNs), window);
  return (
    <button
      type="button"
      tabIndex={-1}
      className={styles.segment}
      style={place}
      title={text}
      aria-label={text}
      onClick={() => onSelect(owner)}
      data-wait={segment.kind !== 'work' || undefined}
      data-current={lit === id || undefined}
      data-dim={(lit !== undefined && lit !== id) || undefined}
      onPointerEnter={() => onLit(id)}
      onPointerLeave={() => onLit(undefined)}
      {...fillOf(segment)}
    />
  );
}

/** The spans of one operation, with what of the critical path lies in them or before them. */
export function TimelineLine(props: TimelineLineProps) {
  const { line, hue, opens, window, widthPx, owners, selected, onSelect } = props;
  const keep = (bar: Bar) => bar.span.critical || bar.ref === selected;
  const bars = visibleBars(line.bars, window, spanOf(window) / widthPx, keep);
  const segments = line.bars.flatMap(({ ref }) =>
    (owners.get(ref) ?? []).map((segment) => ({ segment, owner: ref })),
  );
  return (
    <div className={styles.line} data-opens={opens || undefined} data-hue={hue}>
      {bars.map((bar) => (
        <button
          key={bar.ref}
          type="button"
          tabIndex={-1}
          className={styles.bar}
          style={placeOf(bar.fromNs, bar.toNs, window)}
          title={barText(bar)}
          aria-label={barText(bar)}
          aria-pressed={bar.ref === selected}
          data-relevance={bar.span.relevance}
          data-error={bar.span.status.code === 'error' || undefined}
          onClick={() => onSelect(bar.ref)}
        />
      ))}
      {segments.map(({ segment, owner }) => (
        <SegmentMark key={String(segment.fromNs)} {...props} segment={segment} owner={owner} />
      ))}
    </div>
  );
}
