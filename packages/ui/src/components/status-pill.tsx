import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type Finding, findingsOf, type StatusResponse } from '@throughline/model';
import { statusQuery } from '../api/queries.ts';
import { formatMany } from '../lib/format.ts';
import { HealthDot } from './health-dot.tsx';
import styles from './status-pill.module.css';

/** The one thing to know first: whether the numbers on the page can be trusted. */
function judge(
  status: StatusResponse | undefined,
  failed: boolean,
): [level: Finding['level'], text: string] {
  if (failed) return ['bad', 'Server does not answer'];
  const [first] = status ? findingsOf(status) : [];
  if (!status || !first) return ['calm', 'Connecting'];
  const { level, label } = first;
  return [level, level === 'good' ? formatMany(status.ingest.spansAccepted, 'span') : label];
}

/** The server's state at a glance; leads to all of it. */
export function StatusPill() {
  const { data: status, isError } = useQuery(statusQuery());
  const [level, text] = judge(status, isError);
  return (
    <Link
      to="/server"
      className={styles.pill}
      aria-label={`Server: ${text}`}
      title="The server’s state (s)"
    >
      <HealthDot level={level} />
      <span className={styles.text}>{text}</span>
    </Link>
  );
}
