import { SEGMENT_KINDS } from '@throughline/model';
import { KIND_SHORT, KIND_TEXT } from '../lib/palette.ts';
import styles from './kind-legend.module.css';

/** What the fills mean: solid for work, hatched for waiting. */
export function KindLegend() {
  return (
    <span className={styles.legend}>
      {SEGMENT_KINDS.map((kind) => (
        <span key={kind} className={styles.entry} title={KIND_TEXT[kind]}>
          <span className={styles.swatch} data-kind={kind} data-shade={0} aria-hidden="true" />
          {KIND_SHORT[kind]}
        </span>
      ))}
    </span>
  );
}
