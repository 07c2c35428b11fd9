import { useQuery } from '@tanstack/react-query';
import { formatDuration, type StatusResponse } from '@throughline/model';
import { statusQuery } from '../api/queries.ts';
import { formatCount, formatMany } from '../lib/format.ts';
import styles from './status-pill.module.css';

type Health = 'good' | 'warn' | 'bad';

function refusedSpans(status: StatusResponse): number {
  return Object.values(status.ingest.rejected).reduce((sum, { spans }) => sum + spans, 0);
}

/** The one thing to know first: whether the numbers on the page can be trusted. */
function judge(status: StatusResponse | undefined, failed: boolean): [Health, string] {
  if (failed) return ['bad', 'server does not answer'];
  if (!status) return ['warn', 'connecting'];
  if (status.engine.state !== 'ready') return ['warn', `engine ${status.engine.state}`];
  const refused = Object.keys(status.ingest.rejected).length > 0;
  const spans = `${formatCount(status.ingest.spansAccepted)} spans`;
  if (refused) return ['warn', `${spans}, some refused`];
  if (status.store.warnings.length > 0) return ['warn', `${spans}, store warns`];
  return ['good', spans];
}

function Details({ status }: { status: StatusResponse }) {
  const memoryBytes = status.memory.serverBytes + status.memory.engineBytes;
  const rows = [
    ['Requests', formatCount(status.ingest.requests)],
    ['Spans accepted', formatCount(status.ingest.spansAccepted)],
    ['Spans refused', formatCount(refusedSpans(status))],
    ['Spans stored', formatCount(status.store.spansLoaded)],
    ['Store is behind by', formatDuration(BigInt(Math.round(status.journal.lagMs)) * 1_000_000n)],
    ['Engine', `${status.engine.state}, ${formatCount(status.engine.restarts)} restarts`],
    ['Memory', `${formatCount(Math.round(memoryBytes / 1e6))} MB`],
    ['Version', status.version],
  ] as const;
  return (
    <div className={styles.details}>
      <dl>
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {Object.entries(status.ingest.rejected).map(([reason, { requests, spans }]) => (
          <div key={reason}>
            <dt>{reason}</dt>
            <dd>
              {formatMany(requests, 'request')}, {formatMany(spans, 'span')}
            </dd>
          </div>
        ))}
      </dl>
      {status.store.warnings.map((warning) => (
        <p key={warning}>{warning}</p>
      ))}
    </div>
  );
}

/** The server's state at a glance; its numbers on a click. */
export function StatusPill() {
  const { data: status, isError } = useQuery(statusQuery());
  const [health, text] = judge(status, isError);
  return (
    <details className={styles.pill}>
      <summary>
        <span className={styles.dot} data-health={health} aria-hidden="true" />
        <span className={styles.text}>{text}</span>
      </summary>
      {status && <Details status={status} />}
    </details>
  );
}
