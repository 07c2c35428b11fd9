import type { StatusResponse } from '@throughline/model';
import { LongText } from '../../components/long-text.tsx';
import styles from './cards.module.css';
import { Section } from './section.tsx';

/** What is to be known of how the server was started, and of what it has stored. */
export function Warnings({ status }: { status: StatusResponse }) {
  const warnings = [...new Set([...status.store.warnings, ...status.warnings])];
  return (
    <Section id="warnings" title="Warnings" count={warnings.length}>
      {warnings.length === 0 ? (
        <p className="empty">There is nothing to warn of.</p>
      ) : (
        <ul className={styles.list}>
          {warnings.map((warning) => (
            <li key={warning}>
              <LongText text={warning} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
