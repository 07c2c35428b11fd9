import {
  type Finding,
  findingsOf,
  formatAge,
  formatTime,
  type StatusResponse,
} from '@throughline/model';
import { HealthDot } from '../../components/health-dot.tsx';
import styles from './summary.module.css';

function Details({ finding }: { finding: Finding }) {
  return (
    <>
      <bdi className={styles.text}>{finding.text}</bdi>{' '}
      {finding.level !== 'good' && (
        <a href={`#${finding.about}`} aria-label={`Show: ${finding.label}`}>
          show
        </a>
      )}
    </>
  );
}

/** The state of the whole in one line, and what else is worth knowing below it. */
export function Summary({ status }: { status: StatusResponse }) {
  const [first, ...others] = findingsOf(status);
  return (
    <header className={styles.summary}>
      <div className={styles.first}>
        <h1>Server</h1>
        <p className={styles.about} title={`since ${formatTime(status.startedAt)}`}>
          version {status.version}, up {formatAge(status.at - status.startedAt)}
        </p>
      </div>
      {first && (
        <p className={styles.headline} data-level={first.level}>
          {/* Only the label is announced: the ages beside it change all the time. */}
          <strong role="status">
            <HealthDot level={first.level} />
            {first.label}
          </strong>
          <span>
            <Details finding={first} />
          </span>
        </p>
      )}
      {others.length > 0 && (
        <ul className={styles.others} aria-label="Also">
          {others.map((finding) => (
            <li key={`${finding.about} ${finding.label}`}>
              <HealthDot level={finding.level} />
              <span>
                <b>{finding.label}</b> <Details finding={finding} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </header>
  );
}
