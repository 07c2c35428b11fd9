import type { LifecycleFlag } from '@throughline/model';
import styles from './flag-list.module.css';

const FLAG_TEXT: Readonly<Record<LifecycleFlag, string | undefined>> = {
  open: undefined,
  error: 'A span of it reports an error',
  gap: 'A cause is missing from the store: the times around it are incomplete',
  truncated: 'Too large: cut off at the server’s limit',
  not_conserved: 'The quantities do not add up',
};

const FLAG_LABEL: Readonly<Record<LifecycleFlag, string>> = {
  open: 'open',
  error: 'error',
  gap: 'gap',
  truncated: 'cut off',
  not_conserved: 'not conserved',
};

/** What is wrong with an order. `open` is left out: its status says it already. */
export function FlagList({ flags }: { flags: readonly LifecycleFlag[] }) {
  return flags
    .filter((flag) => flag !== 'open')
    .map((flag) => (
      <span key={flag} className={styles.flag} data-flag={flag} title={FLAG_TEXT[flag]}>
        {FLAG_LABEL[flag]}
      </span>
    ));
}
