import { useQuery } from '@tanstack/react-query';
import { type LifecyclesFilter, POLL_INTERVAL_MS, totalQuery } from '../../api/queries.ts';
import { formatCount } from '../../lib/format.ts';
import styles from './live-control.module.css';
import type { LiveMode } from './use-live.ts';

const MODE_TEXT: Readonly<Record<LiveMode, string>> = {
  live: 'Live',
  held: 'Holding while you point',
  paused: 'Paused',
};

interface LiveControlProps {
  readonly mode: LiveMode;
  readonly filter: LifecyclesFilter;
  /** How many matched when the list was last brought up to date; undefined when not all were counted. */
  readonly total: number | undefined;
  readonly onPause: () => void;
  readonly onResume: () => void;
}

/** Says whether the list moves, and while it does not, how much has happened since. */
export function LiveControl({ mode, filter, total, onPause, onResume }: LiveControlProps) {
  const paused = mode === 'paused';
  const { data: latest = total } = useQuery({
    ...totalQuery(filter),
    enabled: paused && total !== undefined,
    refetchInterval: POLL_INTERVAL_MS,
  });
  const newer = Math.max(0, (latest ?? 0) - (total ?? 0));
  return (
    <div className={styles.control} data-mode={mode}>
      <span className={styles.mode} role="status">
        <span className={styles.dot} aria-hidden="true" />
        {MODE_TEXT[mode]}
      </span>
      <button type="button" className="button small" onClick={paused ? onResume : onPause}>
        {paused ? `Resume${newer > 0 ? ` · ${formatCount(newer)} new` : ''}` : 'Pause'}
      </button>
    </div>
  );
}
