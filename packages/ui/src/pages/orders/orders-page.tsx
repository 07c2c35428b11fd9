import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import type { LifecycleRow } from '@throughline/model';
import { useCallback, useMemo, useRef, useState } from 'react';
import { lifecyclesQuery, POLL_INTERVAL_MS } from '../../api/queries.ts';
import { KindLegend } from '../../components/kind-legend.tsx';
import { Loading, PageError } from '../../components/notice.tsx';
import { formatCount, formatTotal } from '../../lib/format.ts';
import {
  kindOf,
  LIFECYCLE_KINDS,
  type LifecycleKind,
  ORDER_KIND,
} from '../../lib/lifecycle-kinds.ts';
import { orderKeyOf } from '../../lib/order-key.ts';
import type { OrdersSearch } from '../../lib/page-search.ts';
import { useShortcuts } from '../../lib/use-shortcuts.ts';
import { useTitle } from '../../lib/use-title.ts';
import { EmptyOrders } from './empty-orders.tsx';
import { LiveControl } from './live-control.tsx';
import { OrderFilters } from './order-filters.tsx';
import { OrderList } from './order-list.tsx';
import type { BarScale } from './order-row.tsx';
import styles from './orders-page.module.css';
import { type Live, useLive } from './use-live.ts';

const route = getRouteApi('/');

function useOrders(search: OrdersSearch, live: Live) {
  const { name = ORDER_KIND.name, q = '', status, sort = 'begin' } = search;
  const filter = { name, q, status, sort } as const;
  const options = lifecyclesQuery(filter);
  const client = useQueryClient();
  const query = useInfiniteQuery({
    ...options,
    placeholderData: (before, query) => (query?.queryKey[1].name === name ? before : undefined),
    refetchInterval: live.mode === 'live' ? POLL_INTERVAL_MS : false,
  });
  const pages = query.data?.pages;
  const rows = useMemo(() => {
    const all = pages?.flatMap((page) => page.rows) ?? [];
    return [...new Map(all.map((row) => [row.key, row])).values()];
  }, [pages]);
  const restart = () => {
    // Following live means following the newest page: those read below it would be asked for again
    // and again.
    client.setQueryData(
      options.queryKey,
      (data) => data && { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) },
    );
    void query.refetch();
  };
  const { total = 0, totalBound } = pages?.[0] ?? {};
  return { query, rows, total, totalBound, filter, restart };
}

/** The row that keys have moved to, and that Enter opens. Whoever walks wants rows to stay. */
function useRowCursor(rows: readonly LifecycleRow[], live: Live) {
  const navigate = useNavigate();
  const [current, setCurrent] = useState<number>();
  const move = (by: number) => {
    live.pause();
    setCurrent((before) => Math.min(Math.max((before ?? -1) + by, 0), rows.length - 1));
  };
  const open = () => {
    const row = current === undefined ? undefined : rows[current];
    if (row && row.name !== ORDER_KIND.name) {
      const { name, key } = row;
      return navigate({ to: '/lifecycles/$name/$key', params: { name, key } });
    }
    const key = row && orderKeyOf(row);
    if (!key) return false;
    return navigate({ to: '/orders/$user/$order', params: { user: key.user, order: key.order } });
  };
  useShortcuts({ j: () => move(1), k: () => move(-1), Enter: open });
  return { current, clear: () => setCurrent(undefined) };
}

interface Loaded {
  readonly count: number;
  /** As it is shown. */
  readonly total: string;
  readonly more: boolean;
  /** Whether there are more that are not shown. */
  readonly cut: boolean;
}

function footerText({ count, total, more, cut }: Loaded): string {
  if (more) return `${formatCount(count)} of ${total} loaded, scroll for more`;
  if (cut) return `${formatCount(count)} of ${total}: narrow the filter to see others`;
  return `${formatCount(count)} loaded, all there are`;
}

/** The kinds of lifecycles: what is looked for is not the same in all of them, so a filter stays behind. */
function KindChoice({ kind }: { kind: LifecycleKind }) {
  return (
    <nav className={styles.kinds} aria-label="Lifecycles">
      {LIFECYCLE_KINDS.map(({ name, title }) => (
        <Link
          key={name}
          to="/"
          search={name === ORDER_KIND.name ? {} : { name }}
          className={styles.kind}
          activeOptions={{ exact: true }}
          aria-current={name === kind.name ? 'page' : undefined}
        >
          {title}
        </Link>
      ))}
    </nav>
  );
}

/** A list of lifecycles: newest first and live, until someone starts to read. */
export function OrdersPage() {
  const search = route.useSearch();
  const kind = kindOf(search.name) ?? ORDER_KIND;
  useTitle(kind.title);
  const navigate = useNavigate();
  const live = useLive();
  const scroller = useRef<HTMLDivElement>(null);
  const [scale, setScale] = useState<BarScale>('duration');
  const { query, rows, total, totalBound, filter, restart } = useOrders(search, live);
  const cursor = useRowCursor(rows, live);
  const { hasNextPage, isFetching, fetchNextPage } = query;

  const change = (changed: OrdersSearch) => {
    cursor.clear();
    void navigate({ to: '/', search: (before) => ({ ...before, ...changed }), replace: true });
  };
  const resume = () => {
    cursor.clear();
    scroller.current?.scrollTo({ top: 0 });
    live.resume();
    restart();
  };
  useShortcuts({ l: () => (live.mode === 'paused' ? resume() : live.pause()) });
  const loadMore = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);

  if (query.isPending) return <Loading what={kind.title.toLowerCase()} />;
  if (!query.data && query.error) {
    return <PageError error={query.error} retry={() => void query.refetch()} />;
  }
  return (
    <div className={styles.page}>
      <KindChoice kind={kind} />
      <div className={styles.bar}>
        <h1 className={styles.title}>
          {kind.title} <small>{formatTotal(total, totalBound)}</small>
        </h1>
        <OrderFilters key={kind.name} kind={kind} search={search} change={change} />
        <LiveControl
          mode={live.mode}
          filter={filter}
          total={totalBound === 'lower' ? undefined : total}
          onPause={live.pause}
          onResume={resume}
        />
      </div>
      {query.isError && (
        <p className={styles.stale} role="alert">
          Not up to date: {query.error.message}
        </p>
      )}
      {rows.length === 0 ? (
        <EmptyOrders
          kind={kind}
          filtered={filter.q !== '' || filter.status !== undefined}
          clear={() => change({ q: undefined, status: undefined })}
        />
      ) : (
        <OrderList
          key={kind.name}
          kind={kind}
          rows={rows}
          scale={scale}
          current={cursor.current}
          scroller={scroller}
          onScale={setScale}
          onScroll={(topPx) => topPx > 0 && live.pause()}
          onPoint={live.hold}
          onNearEnd={loadMore}
        />
      )}
      {rows.length > 0 && (
        <footer className={styles.footer}>
          <KindLegend />
          <span>
            {footerText({
              count: rows.length,
              total: formatTotal(total, totalBound),
              more: hasNextPage,
              cut: query.data.pages.at(-1)?.cursor !== undefined,
            })}
          </span>
        </footer>
      )}
    </div>
  );
}
