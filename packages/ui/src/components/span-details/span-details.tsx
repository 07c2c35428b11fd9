import { Link } from '@tanstack/react-router';
import {
  formatDuration,
  formatTime,
  type Span,
  type SpanRef,
  spanSchema,
} from '@throughline/model';
import type { ReactNode } from 'react';
import { formatNs } from '../../lib/format.ts';
import type { Relations } from '../../lib/relations.ts';
import { formatOffset } from '../../lib/time-scale.ts';
import { CopyButton } from '../copy-button.tsx';
import { AttributeTable } from './attribute-table.tsx';
import { EventList } from './event-list.tsx';
import { RelationList } from './relation-list.tsx';
import styles from './span-details.module.css';

interface SpanDetailsProps {
  readonly span: Span;
  readonly relations: Relations;
  /** What offsets count from: the begin of the order or of the trace. */
  readonly originNs: bigint;
  /** What only the page knows about the span, such as its part in the order. */
  readonly notes?: ReactNode;
  readonly onSelect: (ref: SpanRef) => void;
  readonly onClose: () => void;
}

function spanJson(span: Span): string {
  return JSON.stringify(spanSchema.encode(span), undefined, 2);
}

function Facts({ span, originNs }: { span: Span; originNs: bigint }) {
  const durationNs = span.endNs - span.startNs;
  const scope = `${span.scope.name} ${span.scope.version}`.trim();
  const facts = [
    ['Duration', formatDuration(durationNs), formatNs(durationNs)],
    ['Begins', formatOffset(span.startNs - originNs), formatTime(span.startNs)],
    ['Kind', span.kind, undefined],
    ...(span.host === '' ? [] : [['Host', span.host, undefined] as const]),
    ...(scope === '' ? [] : [['Scope', scope, undefined] as const]),
  ] as const;
  return (
    <dl className={styles.facts}>
      {facts.map(([label, value, exact]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            {value}
            {exact !== undefined && <span className={styles.exact}>{exact}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Dropped({ span }: { span: Span }) {
  const { attributes, events, links } = span.dropped;
  if (attributes + events + links === 0) return null;
  return (
    <p className={styles.warning} role="note">
      The sender dropped {attributes} attributes, {events} events and {links} links of this span:
      its limits were reached.
    </p>
  );
}

/** Everything known about one span. */
export function SpanDetails(props: SpanDetailsProps) {
  const { span, relations, originNs, notes, onSelect, onClose } = props;
  return (
    <aside className={styles.drawer} aria-label="Span details">
      <header className={styles.head}>
        <div>
          <h2>{span.name}</h2>
          <p className={styles.service}>{span.service}</p>
        </div>
        <button type="button" className="icon-button" aria-label="Close details" onClick={onClose}>
          ×
        </button>
      </header>
      {span.status.code === 'error' && (
        <p className={styles.error} role="note">
          Error{span.status.message === '' ? '' : `: ${span.status.message}`}
        </p>
      )}
      {notes}
      <Facts span={span} originNs={originNs} />
      <Dropped span={span} />
      <p className={styles.actions}>
        <Link
          to="/traces/$traceId"
          params={{ traceId: span.traceId }}
          search={{ span: span.spanId }}
          className="button small"
        >
          Open trace
        </Link>
        <CopyButton label="Copy JSON" text={() => spanJson(span)} />
        <CopyButton label="Copy id" text={() => `${span.traceId}:${span.spanId}`} />
      </p>
      <RelationList title="Caused by" relations={relations.causes} onSelect={onSelect} />
      <RelationList title="Led to" relations={relations.effects} onSelect={onSelect} />
      <AttributeTable title="Attributes" attributes={span.attributes} open />
      <EventList events={span.events} originNs={span.startNs} />
      <AttributeTable title="Resource" attributes={span.resource} open={false} />
    </aside>
  );
}
