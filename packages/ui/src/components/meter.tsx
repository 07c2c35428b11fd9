import styles from './meter.module.css';

interface MeterProps {
  readonly label: string;
  readonly value: number;
  readonly max: number;
  /** The value in words. */
  readonly text: string;
  /** The share of `max` from which on it is worth a look: little is good. */
  readonly warnFrom?: number;
  /** The share of `max` below which it is worth a look: much is good. */
  readonly warnBelow?: number;
}

/** How much of what there may be there is. */
export function Meter({ label, value, max, text, warnFrom = 1, warnBelow }: MeterProps) {
  const [low, optimum] = warnBelow === undefined ? [0, 0] : [max * warnBelow, max];
  return (
    <meter
      className={styles.meter}
      aria-label={label}
      aria-valuetext={text}
      max={max}
      value={value}
      low={low}
      high={max * warnFrom}
      optimum={optimum}
    >
      {text}
    </meter>
  );
}
