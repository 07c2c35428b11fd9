import type { Finding } from '@throughline/model';
import styles from './health-dot.module.css';

/** How the server is, in a colour; the words stand beside it. */
export function HealthDot({ level }: { level: Finding['level'] }) {
  return <span className={styles.dot} data-level={level} aria-hidden="true" />;
}
