import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query';
import { type Lifecycle, ThroughlineError } from '@throughline/model';
import {
  getCoverage,
  getLifecycle,
  getLifecycles,
  getStatus,
  getTrace,
  type LifecyclesRequest,
} from './client.ts';

export const POLL_INTERVAL_MS = 2_000;
const STATUS_INTERVAL_MS = 5_000;
const COVERAGE_INTERVAL_MS = 10_000;
const PAGE_ROWS = 100;

/** More rows than anyone reads: past it the list asks for a narrower filter. */
const PAGES_MAX = 50;

/** Server state: one retry for what may pass by itself, none for what the server has decided. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 1_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) =>
          failures < 1 && !(error instanceof ThroughlineError && error.status < 500),
      },
    },
  });
}

export type LifecyclesFilter = Pick<LifecyclesRequest, 'name' | 'q' | 'status' | 'sort'>;

export function lifecyclesQuery(filter: LifecyclesFilter) {
  return infiniteQueryOptions({
    queryKey: ['lifecycles', filter] as const,
    queryFn: ({ pageParam, signal }) =>
      getLifecycles({ ...filter, limit: PAGE_ROWS, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last, pages) => (pages.length < PAGES_MAX ? last.cursor : undefined),
  });
}

/** Only how many rows match now: what a paused list shows beside its resume button. */
export function totalQuery(filter: LifecyclesFilter) {
  return queryOptions({
    queryKey: ['lifecycles-total', filter],
    queryFn: async ({ signal }) => {
      const page = await getLifecycles({ ...filter, limit: 1, cursor: undefined }, signal);
      return page.total;
    },
  });
}

const SETTLE_MS = 60_000;

/**
 * A lifecycle that is not complete may still grow, unless nothing has been heard of it for a while.
 */
function mayStillGrow(lifecycle: Lifecycle, nowMs: number): boolean {
  return !lifecycle.complete && nowMs - Number(lifecycle.end / 1_000_000n) < SETTLE_MS;
}

export function lifecycleQuery(name: string, key: readonly string[]) {
  return queryOptions({
    queryKey: ['lifecycle', name, key],
    queryFn: ({ signal }) => getLifecycle(name, key, signal),
    refetchInterval: ({ state }) =>
      state.data && mayStillGrow(state.data, Date.now()) ? POLL_INTERVAL_MS : false,
  });
}

export function traceQuery(traceId: string) {
  return queryOptions({
    queryKey: ['trace', traceId],
    queryFn: ({ signal }) => getTrace(traceId, signal),
  });
}

export function coverageQuery() {
  return queryOptions({
    queryKey: ['coverage'],
    queryFn: ({ signal }) => getCoverage(signal),
    refetchInterval: COVERAGE_INTERVAL_MS,
  });
}

export function statusQuery() {
  return queryOptions({
    queryKey: ['status'],
    queryFn: ({ signal }) => getStatus(signal),
    refetchInterval: STATUS_INTERVAL_MS,
  });
}
