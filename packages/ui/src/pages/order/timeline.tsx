import { type Lifecycle, type LifecycleSpan, type SpanRef, spanRef } from '@throughline/model';
import { useMemo, useRef } from 'react';
import { TimeAxis } from '../../components/time-axis.tsx';
import { layoutLanes, segmentsByOwner } from '../../lib/lanes.ts';
import { serviceHues, stageFills } from '../../lib/palette.ts';
import { clampWindow, spanOf, type TimeWindow } from '../../lib/time-scale.ts';
import { useDragRange } from '../../lib/use-drag-range.ts';
import { useShortcuts } from '../../lib/use-shortcuts.ts';
import { type TimeWindowControl, useTimeWindow } from '../../lib/use-time-window.ts';
import { useWidth } from '../../lib/use-width.ts';
import styles from './timeline.module.css';
import { TimelineEdges } from './timeline-edges.tsx';
import { TimelineLine } from './timeline-line.tsx';

/**
 * Air at both ends, as a share of the order's time, so that the first and last span can be seen
 * whole.
 */
const FIT_MARGIN = 0.015;

interface TimelineProps {
  readonly lifecycle: Lifecycle;
  readonly selected: SpanRef | undefined;
  readonly lit: string | undefined;
  readonly onSelect: (ref: SpanRef) => void;
  readonly onLit: (stage: string | undefined) => void;
}

/**
 * The order's own time, and all the time of which there are spans: a batch lives on after one
 * member ends.
 */
function windowsOf({ begin, end, spans }: Lifecycle): { fitted: TimeWindow; bounds: TimeWindow } {
  const duration = Math.max(Number(end - begin), 1_000);
  const margin = duration * FIT_MARGIN;
  const fitted = { fromNs: -margin, toNs: duration + margin };
  let { fromNs, toNs } = fitted;
  for (const span of spans) {
    fromNs = Math.min(fromNs, Number(span.startNs - begin));
    toNs = Math.max(toNs, Number(span.endNs - begin));
  }
  return { fitted, bounds: { fromNs: fromNs - margin, toNs: toNs + margin } };
}

/** The span in the middle third: what lies before and after explains it. */
function windowAround(span: LifecycleSpan, originNs: bigint, bounds: TimeWindow): TimeWindow {
  const fromNs = Number(span.startNs - originNs);
  const toNs = Number(span.endNs - originNs);
  const length = toNs - fromNs;
  return clampWindow({ fromNs: fromNs - length, toNs: toNs + length }, bounds);
}

function useLayout(lifecycle: Lifecycle) {
  return useMemo(() => {
    const lanes = layoutLanes(lifecycle.spans, lifecycle.begin);
    const lines = lanes.flatMap((lane) =>
      lane.lines.map((line, index) => ({ line, service: lane.service, opens: index === 0 })),
    );
    const lineOf = new Map(
      lines.flatMap(({ line }, index) => line.bars.map((bar) => [bar.ref, index] as const)),
    );
    return {
      lines,
      lineOf,
      owners: segmentsByOwner(lifecycle.segments),
      fillOf: stageFills(lifecycle.stages),
      hueOf: serviceHues(lifecycle.spans),
      ...windowsOf(lifecycle),
    };
  }, [lifecycle]);
}

function ZoomButtons({ time }: { time: TimeWindowControl }) {
  return (
    <span className={styles.zoom}>
      <button
        type="button"
        className="icon-button"
        aria-label="Zoom out"
        onClick={() => time.zoom(-1)}
      >
        −
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label="Zoom in"
        onClick={() => time.zoom(1)}
      >
        +
      </button>
      <button type="button" className="button small" disabled={time.fitted} onClick={time.fit}>
        Fit
      </button>
    </span>
  );
}

/** The names of services and operations, each once, beside the lines. */
function Names({ lines, hueOf }: Pick<ReturnType<typeof useLayout>, 'lines' | 'hueOf'>) {
  return (
    <div className={styles.names}>
      {lines.map(({ line, service, opens }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines are positions.
        <div key={index} className={styles.name} data-opens={opens || undefined}>
          <span className={styles.service} data-hue={opens ? hueOf(service) : undefined}>
            {opens && service}
          </span>
          <span className={styles.operation} title={line.operation}>
            {line.first && line.operation}
          </span>
        </div>
      ))}
    </div>
  );
}

/** Services as lanes, operations as lines, all traces of the order on one axis of time. */
export function Timeline({ lifecycle, selected, lit, onSelect, onLit }: TimelineProps) {
  const chart = useRef<HTMLDivElement>(null);
  const axis = useRef<HTMLDivElement>(null);
  const widthPx = useWidth(axis);
  const { lines, lineOf, owners, fillOf, hueOf, fitted, bounds } = useLayout(lifecycle);
  const time = useTimeWindow(fitted, bounds, chart, axis);
  const { range, handlers } = useDragRange(({ from, to }) => {
    const width = spanOf(time.window);
    const fromNs = time.window.fromNs;
    time.show({ fromNs: fromNs + from * width, toNs: fromNs + to * width });
  });
  const selectedSpan = lifecycle.spans.find((span) => spanRef(span) === selected);
  useShortcuts({
    '+': () => time.zoom(1),
    '-': () => time.zoom(-1),
    '0': time.fit,
    z: () => selectedSpan && time.show(windowAround(selectedSpan, lifecycle.begin, bounds)),
  });
  return (
    <section className="card" aria-label="Timeline">
      <header className="card-head">
        <h2>Timeline</h2>
        <p className="hint">drag to zoom · wheel on the axis, or Ctrl + wheel · sideways to move</p>
        <ZoomButtons time={time} />
      </header>
      <div ref={chart} className={styles.chart}>
        <div className={styles.corner} />
        <div ref={axis} className={styles.axis}>
          <TimeAxis window={time.window} widthPx={widthPx} />
        </div>
        <Names lines={lines} hueOf={hueOf} />
        <div className={styles.lines} {...handlers}>
          {lines.map(({ line, service, opens }, index) => (
            <TimelineLine
              // biome-ignore lint/suspicious/noArrayIndexKey: lines are positions.
              key={index}
              line={line}
              hue={hueOf(service)}
              opens={opens}
              window={time.window}
              widthPx={widthPx}
              originNs={lifecycle.begin}
              owners={owners}
              fillOf={fillOf}
              selected={selected}
              lit={lit}
              onSelect={onSelect}
              onLit={onLit}
            />
          ))}
          <TimelineEdges
            lifecycle={lifecycle}
            lineOf={lineOf}
            selected={selectedSpan}
            window={time.window}
            widthPx={widthPx}
            linesCount={lines.length}
          />
          {range && (
            <span
              className={styles.range}
              style={{ left: `${range.from * 100}%`, width: `${(range.to - range.from) * 100}%` }}
            />
          )}
        </div>
      </div>
    </section>
  );
}
