import { positionOf, type TimeWindow, ticksOf } from '../lib/time-scale.ts';
import styles from './time-axis.module.css';

const TICK_WIDTH_PX = 90;

/** Labels of an axis of time, counted from the origin; its parent gives it height. */
export function TimeAxis({ window, widthPx }: { window: TimeWindow; widthPx: number }) {
  const ticks = ticksOf(window, Math.max(2, Math.floor(widthPx / TICK_WIDTH_PX)));
  return ticks.map((tick) => (
    <span
      key={tick.ns}
      className={styles.tick}
      style={{ left: `${positionOf(tick.ns, window) * 100}%` }}
    >
      {tick.label}
    </span>
  ));
}
