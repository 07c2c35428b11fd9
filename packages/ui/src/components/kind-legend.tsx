import { SEGMENT_KINDS } from '@throughline/model';
import { KIND_TEXT } from '../lib/palette.ts';
import styles from './kind-legend.module.css';

const SHORT = {
  work: 'work',
  queue: 'queue',
  network: 'network',
  venue: 'exchange',
  batch_peer: 'batch: waiting for others',
  batch_linger: 'batch: lingering',
  gap: 'cause missing',
} as const;

/** What the fills mean: solid for work, hatched for waiting. */
export function KindLegend() {
  return (
    <span className={styles.legend}>
      {SEGMENT_KINDS.map((kind) => (
        <span key={kind} className={styles.entry} title={KIND_TEXT[kind]}>
          <span className={styles.swatch} data-kind={kind} data-shade={0} aria-hidden="true" />
          {SHORT[kind]}
        </span>
      ))}
    </span>
  );
}
