import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type CoverageResponse, formatAge, formatCoverage, type Hop } from '@throughline/model';
import { coverageQuery } from '../../api/queries.ts';
import { Meter } from '../../components/meter.tsx';
import { Loading, Notice, PageError } from '../../components/notice.tsx';
import { type Column, RecordTable } from '../../components/record-table.tsx';
import { adviceOf, hopText } from '../../lib/coverage.ts';
import { formatCount, formatMany } from '../../lib/format.ts';
import { useTitle } from '../../lib/use-title.ts';
import styles from './coverage-page.module.css';

function Share({ of, label }: { of: Pick<Hop, 'coverage' | 'consumed'>; label: string }) {
  const text = formatCoverage(of);
  return (
    <span className={styles.share}>
      {text}
      <Meter label={label} value={of.coverage} max={1} text={text} warnBelow={1} />
    </span>
  );
}

function HopCell({ hop }: { hop: Hop }) {
  return (
    <>
      {hopText(hop)}
      {adviceOf(hop).map((text) => (
        <p key={text} className={styles.advice}>
          {text}
        </p>
      ))}
    </>
  );
}

function Lost({ count }: { count: number }) {
  return count === 0 ? '0' : <span className={styles.lost}>{formatCount(count)}</span>;
}

const COLUMNS: readonly Column<Hop>[] = [
  { label: 'Hop', kind: 'text', cell: (hop) => <HopCell hop={hop} /> },
  { label: 'Transport', cell: ({ transport }) => transport },
  { label: 'Coverage', cell: (hop) => <Share of={hop} label={`Coverage of ${hopText(hop)}`} /> },
  { label: 'Messages', kind: 'number', cell: ({ consumed }) => formatCount(consumed) },
  { label: 'Missing', kind: 'number', cell: ({ missing }) => <Lost count={missing} /> },
  { label: 'Malformed', kind: 'number', cell: ({ malformed }) => <Lost count={malformed} /> },
  { label: 'Missed', kind: 'number', cell: ({ missed }) => <Lost count={missed} /> },
  { label: 'Orphaned', kind: 'number', cell: ({ orphaned }) => <Lost count={orphaned} /> },
  {
    label: 'Example',
    cell: ({ exampleTraceId }) => (
      <Link to="/traces/$traceId" params={{ traceId: exampleTraceId }}>
        trace
      </Link>
    ),
  },
];

function keyOf({ producer, transport, destination, consumer }: Hop): string {
  return JSON.stringify([producer, transport, destination, consumer]);
}

function Coverage({ coverage: { start, end, total, hops, truncated } }: CoverageProps) {
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <h1>Coverage</h1>
        <Share of={total} label="Coverage of all messages" />
        <p className="hint">
          Of {formatMany(total.consumed, 'message')} in {formatAge(end - start)},{' '}
          {formatCount(total.usable)} came with a context that could be continued. Messages that
          were not sampled are not among them.
        </p>
      </header>
      <section className="card" aria-label="Hops">
        <RecordTable label="Hops" columns={COLUMNS} rows={hops} keyOf={keyOf} />
      </section>
      {truncated && (
        <p className="hint">There were more messages than are counted: these are the newest.</p>
      )}
    </div>
  );
}

interface CoverageProps {
  readonly coverage: CoverageResponse;
}

function NoMessages({ coverage: { start, end } }: CoverageProps) {
  return (
    <Notice title={`No messages in ${formatAge(end - start)}`}>
      <p>
        A message is a span of the kind <code>consumer</code> with <code>messaging.system</code>:
        the adapters of the sdk make them, for NATS, Kafka, channels, workers and WebSockets.
      </p>
      <p>
        <Link to="/server">What the server has received</Link>
      </p>
    </Notice>
  );
}

/** Where messages lose their trace context, the worst hop first. Live. */
export function CoveragePage() {
  useTitle('Coverage');
  const query = useQuery(coverageQuery());
  if (query.data?.hops.length === 0) return <NoMessages coverage={query.data} />;
  if (query.data) return <Coverage coverage={query.data} />;
  if (query.error) return <PageError error={query.error} retry={() => void query.refetch()} />;
  return <Loading what="the coverage" />;
}
