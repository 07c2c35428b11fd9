import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { AppShell } from './components/app-shell.tsx';
import { NotFound, PageError } from './components/notice.tsx';
import { parseOrderSearch, parseOrdersSearch, parseTraceSearch } from './lib/page-search.ts';
import { CoveragePage } from './pages/coverage/coverage-page.tsx';
import { LifecyclePage, OrderPage } from './pages/order/order-page.tsx';
import { OrdersPage } from './pages/orders/orders-page.tsx';
import { ServerPage } from './pages/server/server-page.tsx';
import { TracePage } from './pages/trace/trace-page.tsx';

const rootRoute = createRootRoute({
  component: AppShell,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => <PageError error={error} retry={reset} />,
});

const ordersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch: parseOrdersSearch,
  component: OrdersPage,
});

const orderRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/orders/$user/$order',
  validateSearch: parseOrderSearch,
  component: OrderPage,
});

const lifecycleRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/lifecycles/$name/$key',
  validateSearch: parseOrderSearch,
  component: LifecyclePage,
});

const traceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/traces/$traceId',
  validateSearch: parseTraceSearch,
  component: TracePage,
});

const coverageRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/coverage',
  component: CoveragePage,
});

const serverRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/server',
  component: ServerPage,
});

const routeTree = rootRoute.addChildren([
  ordersRoute,
  orderRoute,
  lifecycleRoute,
  traceRoute,
  coverageRoute,
  serverRoute,
]);

/** Search parameters are plain text: the router's default would read `?q=1e3` as a number. */
export function createAppRouter() {
  return createRouter({
    routeTree,
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const given = Object.entries(search).filter(([, value]) => value !== undefined);
      const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)]));
      return text.size === 0 ? '' : `?${text}`;
    },
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
