import type { ReactNode } from 'react';
import styles from './facts.module.css';

/** Single values, each under its name. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={styles.facts}>{children}</dl>;
}

interface FactProps {
  readonly label: string;
  readonly title?: string;
  readonly children: ReactNode;
}

export function Fact({ label, title, children }: FactProps) {
  return (
    <div>
      <dt>{label}</dt>
      <dd title={title}>{children}</dd>
    </div>
  );
}
