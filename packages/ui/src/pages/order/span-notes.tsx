import { formatDuration, type Lifecycle, type LifecycleSpan, spanRef } from '@throughline/model';
import { segmentOwner } from '../../lib/lanes.ts';
import { KIND_TEXT, stageFills } from '../../lib/palette.ts';
import styles from './span-notes.module.css';

/** What the span means to this order: whose it is, and its part of the critical path. */
export function SpanNotes({ span, lifecycle }: { span: LifecycleSpan; lifecycle: Lifecycle }) {
  const ref = spanRef(span);
  const segments = lifecycle.segments.filter((segment) => segmentOwner(segment) === ref);
  const fillOf = stageFills(lifecycle.stages);
  return (
    <div className={styles.notes}>
      <span className={styles.tag}>
        {span.relevance === 'own' ? 'this order’s own' : 'shared with others'}
      </span>
      <span className={styles.tag} data-critical={span.critical}>
        {span.critical ? 'on the critical path' : 'off the critical path'}
      </span>
      {segments.length > 0 && (
        <ul className={styles.segments}>
          {segments.map((segment) => (
            <li key={String(segment.fromNs)}>
              <span className={styles.swatch} aria-hidden="true" {...fillOf(segment)} />
              {segment.label}, {KIND_TEXT[segment.kind]}
              <b>{formatDuration(segment.toNs - segment.fromNs)}</b>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
