import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import {
  formatDuration,
  formatSkew,
  formatTime,
  parseSpanRef,
  type TraceResponse,
  traceResponseSchema,
} from '@throughline/model';
import { useCallback, useMemo, useState } from 'react';
import { traceQuery } from '../../api/queries.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { LifecycleLink } from '../../components/lifecycle-link.tsx';
import { Loading, Notice, PageError } from '../../components/notice.tsx';
import { SpanDetails } from '../../components/span-details/span-details.tsx';
import { formatMany } from '../../lib/format.ts';
import { kindOf } from '../../lib/lifecycle-kinds.ts';
import { maxNs, minNs } from '../../lib/nanoseconds.ts';
import { relationsInTrace } from '../../lib/relations.ts';
import { treeRows, unfolded } from '../../lib/tree.ts';
import { useShortcuts } from '../../lib/use-shortcuts.ts';
import { useTitle } from '../../lib/use-title.ts';
import styles from './trace-page.module.css';
import { Waterfall } from './waterfall.tsx';

const route = getRouteApi('/traces/$traceId');

function toggled(set: ReadonlySet<string>, member: string): ReadonlySet<string> {
  const others = [...set].filter((each) => each !== member);
  return new Set(set.has(member) ? others : [...others, member]);
}

interface Extent {
  readonly beginNs: bigint;
  readonly endNs: bigint;
}

function extentOf({ spans }: TraceResponse): Extent {
  const firstNs = spans[0]?.startNs ?? 0n;
  return {
    beginNs: minNs(firstNs, ...spans.map((span) => span.startNs)),
    endNs: maxNs(firstNs, ...spans.map((span) => span.endNs)),
  };
}

interface HeaderProps {
  readonly trace: TraceResponse;
  readonly extent: Extent;
  readonly errors: number;
  readonly onNextError: () => void;
}

function Header({ trace, extent, errors, onNextError }: HeaderProps) {
  const services = new Set(trace.spans.map((span) => span.service)).size;
  const json = () => JSON.stringify(traceResponseSchema.encode(trace), undefined, 2);
  return (
    <header className={styles.header}>
      <h1>
        Trace <code>{trace.traceId}</code>
      </h1>
      <p className={styles.facts}>
        <b>{formatDuration(extent.endNs - extent.beginNs)}</b>
        <span>{formatTime(extent.beginNs)}</span>
        <span>
          {formatMany(trace.spans.length, 'span')}, {formatMany(services, 'service')}
        </span>
        {errors > 0 && (
          <button type="button" className="chip" onClick={onNextError}>
            {formatMany(errors, 'error')} <kbd>e</kbd>
          </button>
        )}
        <CopyButton label="Copy link" text={() => location.href} />
        <CopyButton label="Copy JSON" text={json} />
      </p>
      {trace.lifecycles.length > 0 && (
        <p className={styles.orders}>
          Begins here:
          {trace.lifecycles.map(({ name, key }) => (
            <span key={`${name} ${key}`}>
              {kindOf(name)?.noun ?? name} <LifecycleLink name={name} lifecycleKey={key} />
            </span>
          ))}
        </p>
      )}
      {trace.skew?.map((skew) => (
        <p key={skew.host} className={styles.note} role="note">
          Times are as they were sent: {formatSkew(skew)}.
        </p>
      ))}
      {trace.truncated && (
        <p className={styles.note} role="note">
          The trace has more spans than one answer carries: this is only its beginning.
        </p>
      )}
    </header>
  );
}

function Trace({ trace }: { trace: TraceResponse }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const extent = useMemo(() => extentOf(trace), [trace]);
  const rows = useMemo(() => treeRows(trace.spans), [trace]);
  const shown = useMemo(() => unfolded(rows, collapsed), [rows, collapsed]);
  const relationsOf = useMemo(() => relationsInTrace(trace), [trace]);
  const errors = rows.filter(({ span }) => span.status.code === 'error');
  const selected = trace.spans.find((span) => span.spanId === search.span);
  const select = useCallback(
    (span: string | undefined) =>
      void navigate({
        to: '.',
        search: (before) => ({ ...before, span }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  const close = () => select(undefined);
  const move = (by: number) => {
    const index = shown.findIndex(({ span }) => span.spanId === search.span);
    const at = index < 0 ? 0 : Math.min(Math.max(index + by, 0), shown.length - 1);
    select(shown[at]?.span.spanId);
  };
  const nextError = () => {
    const index = errors.findIndex(({ span }) => span.spanId === search.span);
    // What is folded away cannot be shown: unfold everything rather than jump into nothing.
    setCollapsed(new Set());
    select(errors[(index + 1) % errors.length]?.span.spanId);
  };
  const fold = (spanId: string) => setCollapsed((before) => toggled(before, spanId));
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    e: () => (errors.length > 0 ? nextError() : false),
    Escape: close,
  });
  return (
    <div className="with-details" data-details={selected !== undefined || undefined}>
      <div className={styles.content}>
        <Header trace={trace} extent={extent} errors={errors.length} onNextError={nextError} />
        <Waterfall
          rows={shown}
          extent={extent}
          collapsed={collapsed}
          selected={search.span}
          onSelect={select}
          onFold={fold}
        />
      </div>
      {selected && (
        <SpanDetails
          key={selected.spanId}
          span={selected}
          relations={relationsOf(selected)}
          originNs={extent.beginNs}
          onSelect={(ref) => select(parseSpanRef(ref).spanId)}
          onClose={close}
        />
      )}
    </div>
  );
}

/** One trace as it was sent: what other tools show, with the ways to what lies outside it. */
export function TracePage() {
  const { traceId } = route.useParams();
  const query = useQuery(traceQuery(traceId));
  useTitle(`Trace ${traceId.slice(0, 8)}`);
  if (query.data && query.data.spans.length > 0) return <Trace trace={query.data} />;
  if (query.data) {
    return (
      <Notice title="An empty trace">
        <p>The server knows this trace, but has none of its spans any more.</p>
      </Notice>
    );
  }
  if (query.error) return <PageError error={query.error} retry={() => void query.refetch()} />;
  return <Loading what={`trace ${traceId}`} />;
}
