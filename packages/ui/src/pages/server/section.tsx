import type { Finding } from '@throughline/model';
import type { ReactNode } from 'react';
import styles from './section.module.css';

interface SectionProps {
  /** The part of the status that it shows; findings lead to it by this name. */
  readonly id: Finding['about'];
  readonly title: string;
  readonly count?: number;
  /** Beside the title: the section in a few words. */
  readonly note?: ReactNode;
  readonly children: ReactNode;
}

export function Section({ id, title, count, note, children }: SectionProps) {
  return (
    <section id={id} className={`card ${styles.section}`} aria-label={title}>
      <header className="card-head">
        <h2>
          {title} {count !== undefined && count > 0 && <small>{count}</small>}
        </h2>
        {note !== undefined && <p className="hint">{note}</p>}
      </header>
      {children}
    </section>
  );
}
