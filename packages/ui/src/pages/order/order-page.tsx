import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import {
  formatDuration,
  type Lifecycle,
  type LifecycleSpan,
  type SpanRef,
  spanRef,
} from '@throughline/model';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import { lifecycleQuery } from '../../api/queries.ts';
import { Loading, PageError } from '../../components/notice.tsx';
import { SpanDetails } from '../../components/span-details/span-details.tsx';
import { ORDER_KIND } from '../../lib/lifecycle-kinds.ts';
import { compareNs } from '../../lib/nanoseconds.ts';
import { type OrderSearch, parseOrderSearch } from '../../lib/page-search.ts';
import { relationsInLifecycle } from '../../lib/relations.ts';
import { useShortcuts } from '../../lib/use-shortcuts.ts';
import { useTitle } from '../../lib/use-title.ts';
import { Allocations } from './allocations.tsx';
import { Attribution } from './attribution.tsx';
import { OrderHeader } from './order-header.tsx';
import styles from './order-page.module.css';
import { Siblings } from './siblings.tsx';
import { SpanNotes } from './span-notes.tsx';
import { Timeline } from './timeline.tsx';

/** The graph brings its layout engine along, larger than all the rest: loaded apart. */
const CausalGraph = lazy(async () => ({
  default: (await import('./causal-graph.tsx')).CausalGraph,
}));

function useOrderSearch() {
  const given = useSearch({ strict: false });
  const search = useMemo(() => parseOrderSearch(given), [given]);
  const navigate = useNavigate();
  const change = useCallback(
    (changed: OrderSearch) =>
      void navigate({
        to: '.',
        search: (before) => ({ ...before, ...changed }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  return { search, change };
}

function Graph({ lifecycle, selected, onSelect }: Parameters<typeof CausalGraph>[0]) {
  return (
    <section className="card" aria-label="Causes and effects">
      <header className="card-head">
        <h2>Causes and effects</h2>
        <p className="hint">
          <span className={styles.legendChild}>child</span>
          <span className={styles.legendLink}>link</span>
          <span className={styles.legendCritical}>critical path</span>
          boxes are traces · Ctrl + wheel zooms
        </p>
      </header>
      <Suspense fallback={<Loading what="the graph" />}>
        <CausalGraph lifecycle={lifecycle} selected={selected} onSelect={onSelect} />
      </Suspense>
    </section>
  );
}

/** The selected span, moved by keys through the spans in order of time. */
function useSpanCursor(
  lifecycle: Lifecycle,
  ref: SpanRef | undefined,
  select: (ref: SpanRef | undefined) => void,
): LifecycleSpan | undefined {
  const spans = useMemo(
    () => [...lifecycle.spans].sort((left, right) => compareNs(left.startNs, right.startNs)),
    [lifecycle],
  );
  const index = spans.findIndex((span) => spanRef(span) === ref);
  const move = (by: number) => {
    const at = index < 0 ? 0 : Math.min(Math.max(index + by, 0), spans.length - 1);
    const next = spans[at];
    if (next) select(spanRef(next));
  };
  const close = () => select(undefined);
  useShortcuts({ j: () => move(1), k: () => move(-1), Escape: close });
  return spans[index];
}

function Life({ lifecycle }: { lifecycle: Lifecycle }) {
  const { search, change } = useOrderSearch();
  const [lit, setLit] = useState<string>();
  const relationsOf = useMemo(() => relationsInLifecycle(lifecycle), [lifecycle]);
  const select = useCallback((span: SpanRef | undefined) => change({ span }), [change]);
  const selected = useSpanCursor(lifecycle, search.span, select);
  const toggle = (view: 'timeline' | 'graph') => {
    const other = view === 'timeline' ? 'graph' : 'timeline';
    change({ view: search.view === other ? undefined : other });
  };
  useShortcuts({
    g: () => toggle('graph'),
    t: () => toggle('timeline'),
  });
  const views = { lifecycle, selected: search.span, onSelect: select };
  return (
    <div className="with-details" data-details={selected !== undefined || undefined}>
      <div className={styles.content}>
        <OrderHeader lifecycle={lifecycle} />
        <Attribution lifecycle={lifecycle} lit={lit} onLit={setLit} />
        <div className={styles.views}>
          {(['timeline', 'graph'] as const).map((view) => (
            <button
              key={view}
              type="button"
              className="chip"
              aria-pressed={search.view === undefined || search.view === view}
              onClick={() => toggle(view)}
            >
              {view} <kbd>{view[0]}</kbd>
            </button>
          ))}
        </div>
        {search.view !== 'graph' && <Timeline {...views} lit={lit} onLit={setLit} />}
        {search.view !== 'timeline' && <Graph {...views} />}
        <div className={styles.columns}>
          {lifecycle.quantities && (
            <Allocations
              quantities={lifecycle.quantities}
              selected={search.span}
              onSelect={select}
            />
          )}
          {(lifecycle.name === ORDER_KIND.name || lifecycle.siblings.length > 0) && (
            <Siblings lifecycle={lifecycle} onSelect={select} />
          )}
        </div>
      </div>
      {selected && (
        <SpanDetails
          key={spanRef(selected)}
          span={selected}
          relations={relationsOf(selected)}
          originNs={lifecycle.begin}
          notes={<SpanNotes span={selected} lifecycle={lifecycle} />}
          onSelect={select}
          onClose={() => select(undefined)}
        />
      )}
    </div>
  );
}

function WholeLife({ name, parts }: { name: string; parts: readonly string[] }) {
  const query = useQuery(lifecycleQuery(name, parts));
  const key = parts.join('/');
  const total = query.data ? ` ${formatDuration(query.data.durationNs)}` : '';
  useTitle(`${key}${total}`);
  if (query.data) return <Life lifecycle={query.data} />;
  if (query.error) return <PageError error={query.error} retry={() => void query.refetch()} />;
  return <Loading what={`${name.replaceAll('_', ' ')} ${key}`} />;
}

/** One order's whole life: where its time went, what caused what, and what it got. */
export function OrderPage() {
  const { user, order } = useParams({ from: '/orders/$user/$order' });
  return <WholeLife name={ORDER_KIND.name} parts={[user, order]} />;
}

/** The same of any other lifecycle, whose key has one part. */
export function LifecyclePage() {
  const { name, key } = useParams({ from: '/lifecycles/$name/$key' });
  return <WholeLife name={name} parts={[key]} />;
}
