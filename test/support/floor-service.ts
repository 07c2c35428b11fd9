// A service that consists of nothing but the kit, for test/floor.test.ts: SIGUSR2 makes it end by
// an error that nobody catches.
import { exitWithError, startService } from '@throughline/service';

const argv = process.argv.slice(2);

async function main(): Promise<void> {
  const service = await startService({ name: 'nothing', argv, environment: {} });
  service.metrics.counter('orders_total', 'Orders.').inc(3);
  service.setReady('nats', true);
  service.tracing.tracer.startActiveSpan('work', (span) => {
    service.logger.info('working');
    span.end();
  });
  service.onStop(() => service.logger.info('stopped'));
  process.once('SIGUSR2', () => Promise.reject(new TypeError('a defect')));
  service.announce({ now: Date.now() });
}

main().catch(exitWithError);
