import styles from './meter.module.css';

interface MeterProps {
  readonly label: string;
  readonly value: number;
  readonly max: number;
  /** The value in words. */
  readonly text: string;
  /** The share of `max` from which on it is worth a look. */
  readonly warnFrom: number;
}

/** How much of what there may be there is. */
export function Meter({ label, value, max, text, warnFrom }: MeterProps) {
  return (
    <meter
      className={styles.meter}
      aria-label={label}
      aria-valuetext={text}
      max={max}
      value={value}
      high={max * warnFrom}
      optimum={0}
    >
      {text}
    </meter>
  );
}
