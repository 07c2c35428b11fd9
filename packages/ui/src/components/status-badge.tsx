import { formatWords } from '../lib/format.ts';
import styles from './status-badge.module.css';

const TONES: Readonly<Record<string, string>> = {
  filled: 'good',
  completed: 'good',
  open: 'active',
  partially_filled: 'active',
  rejected: 'bad',
  failed: 'bad',
  canceled: 'calm',
  replaced: 'calm',
  expired: 'calm',
};

/** A lifecycle's status. A status that the page does not know is shown as it is. */
export function StatusBadge({ status }: { status: string }) {
  return (
    <span className={styles.badge} data-tone={TONES[status.toLowerCase()] ?? 'calm'}>
      {formatWords(status.toLowerCase())}
    </span>
  );
}
