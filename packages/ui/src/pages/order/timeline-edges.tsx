import {
  type Edge,
  type Lifecycle,
  type LifecycleSpan,
  type SpanRef,
  spanRef,
} from '@throughline/model';
import { useMemo } from 'react';
import { segmentOwner } from '../../lib/lanes.ts';
import { compareNs, minNs } from '../../lib/nanoseconds.ts';
import { positionOf, type TimeWindow } from '../../lib/time-scale.ts';
import styles from './timeline.module.css';

/** The height of a line; the style sheet sets the same. */
const LINE_HEIGHT_PX = 24;

/** Narrower steps are drawn straight. */
const BEND_MIN_PX = 12;

/** Arrows of one span that are drawn at most: a match may allocate to hundreds of orders. */
const ARROWS_MAX = 64;

interface TimelineEdgesProps {
  readonly lifecycle: Lifecycle;
  /** The line in which each span is drawn. */
  readonly lineOf: ReadonlyMap<SpanRef, number>;
  readonly selected: LifecycleSpan | undefined;
  readonly window: TimeWindow;
  readonly widthPx: number;
  readonly linesCount: number;
}

/** Where the critical path changes lines: at a boundary of segments, from one line to another. */
interface Step {
  readonly atNs: number;
  readonly fromLine: number;
  readonly toLine: number;
}

function stepsOf({ segments, begin }: Lifecycle, lineOf: ReadonlyMap<SpanRef, number>): Step[] {
  const sorted = [...segments].sort((left, right) => compareNs(left.fromNs, right.fromNs));
  const lines = sorted.map((segment) => {
    const owner = segmentOwner(segment);
    return owner === undefined ? undefined : lineOf.get(owner);
  });
  return sorted.flatMap((segment, index) => {
    const fromLine = lines[index - 1];
    const toLine = lines[index];
    if (fromLine === undefined || toLine === undefined || fromLine === toLine) return [];
    return [{ atNs: Number(segment.fromNs - begin), fromLine, toLine }];
  });
}

function middleOf(line: number): number {
  return (line + 0.5) * LINE_HEIGHT_PX;
}

/**
 * An arrow from the cause (its end, or the effect's start if that is earlier) to the effect's
 * start.
 */
function Arrow(
  props: TimelineEdgesProps & { edge: Edge; spans: ReadonlyMap<SpanRef, LifecycleSpan> },
) {
  const { edge, spans, lifecycle, lineOf, window, widthPx } = props;
  const from = spans.get(edge.from);
  const to = spans.get(edge.to);
  const fromLine = lineOf.get(edge.from);
  const toLine = lineOf.get(edge.to);
  if (!from || !to || fromLine === undefined || toLine === undefined) return null;
  const left = minNs(from.endNs, to.startNs);
  const xOf = (ns: bigint) =>
    Math.min(Math.max(positionOf(Number(ns - lifecycle.begin), window), -1), 2) * widthPx;
  const [x1, y1, x2, y2] = [xOf(left), middleOf(fromLine), xOf(to.startNs), middleOf(toLine)];
  // A child begins inside its parent: straight down is shorter than any bend.
  const bend = x2 - x1 < BEND_MIN_PX ? 0 : (x2 - x1) / 2;
  return (
    <path
      className={styles.arrow}
      data-type={edge.type}
      d={`M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`}
      markerEnd="url(#timeline-arrow)"
    />
  );
}

/** Drawn over the lines: the steps of the critical path, and the arrows of the selected span. */
export function TimelineEdges(props: TimelineEdgesProps) {
  const { lifecycle, lineOf, selected, window, widthPx, linesCount } = props;
  const steps = useMemo(() => stepsOf(lifecycle, lineOf), [lifecycle, lineOf]);
  const spans = useMemo(
    () => new Map(lifecycle.spans.map((span) => [spanRef(span), span])),
    [lifecycle],
  );
  const own = selected && spanRef(selected);
  const edges = lifecycle.edges
    .filter((edge) => edge.from === own || edge.to === own)
    .slice(0, ARROWS_MAX);
  return (
    <svg
      className={styles.edges}
      width={widthPx}
      height={linesCount * LINE_HEIGHT_PX}
      aria-hidden="true"
    >
      <defs>
        <marker
          id="timeline-arrow"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          orient="auto"
        >
          <path d="M0,0 L8,4 L0,8 z" className={styles.arrowHead} />
        </marker>
      </defs>
      {steps.map((step) => {
        const x = positionOf(step.atNs, window) * widthPx;
        if (x < 0 || x > widthPx) return null;
        return (
          <line
            key={`${step.atNs}:${step.fromLine}:${step.toLine}`}
            className={styles.step}
            x1={x}
            x2={x}
            y1={middleOf(step.fromLine)}
            y2={middleOf(step.toLine)}
          />
        );
      })}
      {edges.map((edge) => (
        <Arrow
          key={`${edge.from}${edge.to}${edge.linkType}`}
          {...props}
          edge={edge}
          spans={spans}
        />
      ))}
    </svg>
  );
}
