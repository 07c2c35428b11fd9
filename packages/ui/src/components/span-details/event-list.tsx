import type { SpanEvent } from '@throughline/model';
import { formatAttribute } from '../../lib/format.ts';
import { compareNs } from '../../lib/nanoseconds.ts';
import { formatOffset } from '../../lib/time-scale.ts';
import styles from './event-list.module.css';

const EVENTS_MAX = 200;

interface EventListProps {
  readonly events: readonly SpanEvent[];
  /** The start of the span: offsets count from it. */
  readonly originNs: bigint;
}

/** The span's events in order of time. */
export function EventList({ events, originNs }: EventListProps) {
  if (events.length === 0) return null;
  const shown = [...events]
    .sort((left, right) => compareNs(left.timeNs, right.timeNs))
    .slice(0, EVENTS_MAX);
  return (
    <details className={styles.group} open>
      <summary>
        Events <small>{events.length}</small>
      </summary>
      <ol>
        {shown.map((event, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: events have no identity and never move.
          <li key={index}>
            <span className={styles.offset}>{formatOffset(event.timeNs - originNs)}</span>{' '}
            <b>{event.name}</b>
            <dl>
              {Object.entries(event.attributes).map(([key, value]) => (
                <div key={key}>
                  <dt>{key}</dt>
                  <dd>{formatAttribute(value)}</dd>
                </div>
              ))}
            </dl>
          </li>
        ))}
      </ol>
      {events.length > shown.length && <p>Only the first {EVENTS_MAX} are shown.</p>}
    </details>
  );
}
