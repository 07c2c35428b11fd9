import { Link } from '@tanstack/react-router';
import { ThroughlineError } from '@throughline/model';
import type { ReactNode } from 'react';
import styles from './notice.module.css';

/** A page, or a part of one, that has something to say instead of something to show. */
export function Notice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.notice} aria-label={title}>
      <h1>{title}</h1>
      {children}
    </section>
  );
}

/** What went wrong and what to do about it. What was asked for may simply have expired: say so. */
export function PageError({ error, retry }: { error: unknown; retry: () => void }) {
  const known = error instanceof ThroughlineError ? error : undefined;
  const missing = known?.status === 404;
  return (
    <Notice title={missing ? 'Not found' : 'This could not be loaded'}>
      <p role="alert">{error instanceof Error ? error.message : String(error)}</p>
      {known?.hint !== undefined && <p>{known.hint}</p>}
      {missing && known?.hint === undefined && (
        <p>
          Its spans may not have arrived yet, or may be older than the server keeps them (its
          <code>--retention</code>), or the sender did not sample them.
        </p>
      )}
      <p className={styles.actions}>
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
        <Link to="/">All orders</Link>
      </p>
      {known && <p className={styles.code}>{known.code}</p>}
    </Notice>
  );
}

export function NotFound() {
  return (
    <Notice title="No such page">
      <p>
        The address leads nowhere. <Link to="/">All orders</Link>
      </p>
    </Notice>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p className={styles.loading} role="status">
      Loading {what}…
    </p>
  );
}
