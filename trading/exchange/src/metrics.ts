import type { ServiceMetrics } from '@throughline/service';
import type { ExchangeStats } from './exchange.ts';

/** What the exchange counts, on its /metrics. */
export function addExchangeMetrics(metrics: ServiceMetrics, stats: () => ExchangeStats): void {
  const counter = (name: string, help: string, read: (stats: ExchangeStats) => number) =>
    metrics.counterOf(`exchange_${name}_total`, help, [], () => [{ value: read(stats()) }]);

  counter('orders_accepted', 'Orders of clients.', ({ venue }) => venue.ordersAccepted);
  metrics.counterOf(
    'exchange_orders_ended_total',
    'Orders of clients that ended, by how.',
    ['status'],
    () => {
      const { venue } = stats();
      return [
        { labels: { status: 'filled' }, value: venue.ordersFilled },
        { labels: { status: 'canceled' }, value: venue.ordersCanceled },
        { labels: { status: 'expired' }, value: venue.ordersExpired },
        { labels: { status: 'rejected' }, value: venue.ordersRejected },
      ];
    },
  );
  counter('client_trades', 'Trades with a client in them.', ({ venue }) => venue.clientTrades);
  counter('market_trades', 'Trades without.', ({ venue }) => venue.marketTrades);
  counter('flow_steps', 'Steps of the generated order flow.', ({ flowSteps }) => flowSteps);
  counter('reports', 'Reports that somebody heard.', ({ userData }) => userData.reports);
  counter('reports_unheard', 'And nobody.', ({ userData }) => userData.reportsUnheard);
  counter(
    'orders_forgotten',
    'Ended orders that cannot be looked up any more.',
    ({ ordersForgotten }) => ordersForgotten,
  );
  counter('fills_forgotten', 'And fills.', ({ fillsForgotten }) => fillsForgotten);
  counter('replay_frames', 'Recorded frames.', ({ replay }) => replay?.frames ?? 0);

  metrics.gaugeOf('exchange_sockets_open', 'WebSockets.', [], () => [
    { value: stats().sockets.open },
  ]);
  metrics.counterOf(
    'exchange_sockets_cut_total',
    'WebSockets that the exchange cut or refused, by reason.',
    ['reason'],
    () => {
      const { sockets } = stats();
      return [
        { labels: { reason: 'fault' }, value: sockets.cutByFault },
        { labels: { reason: 'slow' }, value: sockets.cutSlow },
        { labels: { reason: 'violation' }, value: sockets.cutForViolation },
        { labels: { reason: 'full' }, value: sockets.refused },
      ];
    },
  );
  counter('messages_lost', 'Messages to closed sockets.', ({ sockets }) => sockets.messagesLost);
}
