import type { ServiceMetrics } from '@throughline/service';
import type { ExchangeClientStats } from './exchange-client/exchange-client.ts';
import type { OrdersStats } from './orders.ts';

/** The services whose tracings tell their counts, threads included. */
const SERVICES = ['wss-server', 'order-manager', 'algorithm', 'exchange-client'];

/** What the system counts, on its /metrics. */
export function addOrdersMetrics(metrics: ServiceMetrics, stats: () => OrdersStats): void {
  for (const name of SERVICES) metrics.addTracing(name, () => stats().tracing[name]);

  const counter = (name: string, help: string, read: (stats: OrdersStats) => number) =>
    metrics.counterOf(`orders_${name}_total`, help, [], () => [{ value: read(stats()) }]);
  const gauge = (name: string, help: string, read: (stats: OrdersStats) => number) =>
    metrics.gaugeOf(`orders_${name}`, help, [], () => [{ value: read(stats()) }]);

  gauge('clients', 'Clients that are connected.', ({ wssServer }) => wssServer.clients);
  gauge('client_orders_open', 'Client orders.', ({ wssServer }) => wssServer.ordersOpen);
  counter(
    'client_orders_accepted',
    'Client orders that came in.',
    ({ wssServer }) => wssServer.ordersAccepted,
  );
  metrics.counterOf(
    'orders_client_orders_ended_total',
    'Client orders that ended, by how.',
    ['status'],
    () =>
      Object.entries(stats().wssServer.byStatus).map(([status, value]) => ({
        labels: { status },
        value,
      })),
  );
  metrics.counterOf(
    'orders_clients_cut_total',
    'Clients that were cut or refused, by reason.',
    ['reason'],
    () => [
      { labels: { reason: 'slow' }, value: stats().wssServer.clientsCutSlow },
      { labels: { reason: 'full' }, value: stats().wssServer.clientsRefused },
    ],
  );
  counter(
    'messages_refused',
    'Messages of clients that were answered with an error.',
    ({ wssServer }) => wssServer.messagesRefused,
  );
  counter(
    'amends_rejected',
    'Cancels and replaces that were not done.',
    ({ wssServer }) => wssServer.amendsRejected,
  );
  counter(
    'updates_undelivered',
    'Updates whose client was gone.',
    ({ wssServer }) => wssServer.updatesUndelivered,
  );
  gauge(
    'messages_kept',
    'Messages that clients can resume from.',
    ({ wssServer }) => wssServer.messagesKept,
  );
  counter('resumes', 'Clients that took up where they were.', ({ wssServer }) => wssServer.resumes);
  counter(
    'resume_gaps',
    'Clients that could not, because it was too long ago.',
    ({ wssServer }) => wssServer.resumeGaps,
  );
  counter('failures', 'Messages that a thread could not process.', ({ failures }) => failures);

  const atVenues = (read: (stats: ExchangeClientStats) => number) => () =>
    Object.entries(stats().venues).map(([venue, one]) => ({ labels: { venue }, value: read(one) }));
  const venueCounter = (name: string, help: string, read: (stats: ExchangeClientStats) => number) =>
    metrics.counterOf(`orders_${name}_total`, help, ['venue'], atVenues(read));
  const venueGauge = (name: string, help: string, read: (stats: ExchangeClientStats) => number) =>
    metrics.gaugeOf(`orders_${name}`, help, ['venue'], atVenues(read));

  venueGauge('exchange_connected', '1 while orders can be placed.', (one) => (one.isReady ? 1 : 0));
  venueGauge(
    'exchange_orders_open',
    'Exchange orders that have not ended.',
    (one) => one.ordersOpen,
  );
  venueCounter(
    'exchange_reconnects',
    'Connections to the exchange after the first.',
    (one) => one.reconnects,
  );
  venueCounter('exchange_orders_placed', 'Exchange orders.', (one) => one.ordersPlaced);
  venueCounter('executions', 'Fills, and ends of orders.', (one) => one.executions);
  venueCounter(
    'reports_ignored',
    'Reports that changed nothing: repeated, or of others on the account.',
    (one) => one.reportsIgnored,
  );
  venueCounter('fills_repeated', 'Fills that were told again.', (one) => one.fillsRepeated);
  venueCounter(
    'fills_recovered',
    'Fills that were learned of by asking.',
    (one) => one.fillsRecovered,
  );
  venueCounter('resolutions', 'Orders whose state had to be asked for.', (one) => one.resolutions);
  venueCounter(
    'orphans_canceled',
    'Orders that nobody waited for: of an earlier process, or given up and late.',
    (one) => one.orphansCanceled,
  );
  venueCounter(
    'exchange_frames_malformed',
    'Frames of the exchange that could not be read.',
    (one) => one.framesMalformed,
  );
}
