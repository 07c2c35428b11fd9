import { useQuery } from '@tanstack/react-query';
import { POLL_INTERVAL_MS, statusQuery } from '../../api/queries.ts';
import { Loading, PageError } from '../../components/notice.tsx';
import { useHashTarget } from '../../lib/use-hash-target.ts';
import { useTitle } from '../../lib/use-title.ts';
import { EngineCard } from './engine-card.tsx';
import { JournalCard } from './journal-card.tsx';
import { Receiving } from './receiving.tsx';
import { Refusals } from './refusals.tsx';
import styles from './server-page.module.css';
import { SetAside } from './set-aside.tsx';
import { StoreCard } from './store-card.tsx';
import { Summary } from './summary.tsx';
import { Warnings } from './warnings.tsx';

/** What the server received, refused, set aside and pruned, and whether it is well. Live. */
export function ServerPage() {
  useTitle('Server');
  const query = useQuery({ ...statusQuery(), refetchInterval: POLL_INTERVAL_MS });
  const { data: status } = query;
  useHashTarget(status !== undefined);
  if (query.isPending) return <Loading what="the server’s state" />;
  if (!status) return <PageError error={query.error} retry={() => void query.refetch()} />;
  return (
    <div className={styles.page}>
      {query.isError && (
        <p className={styles.stale} role="alert">
          Not up to date: {query.error.message}
        </p>
      )}
      <Summary status={status} />
      <Receiving status={status} />
      <Refusals status={status} />
      <div className={styles.columns}>
        <JournalCard journal={status.journal} />
        <EngineCard engine={status.engine} memory={status.memory} />
      </div>
      <StoreCard status={status} />
      <SetAside status={status} />
      <Warnings status={status} />
    </div>
  );
}
