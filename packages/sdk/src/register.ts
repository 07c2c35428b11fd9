/**
 * `node --import @throughline/sdk/register app.ts`: tracing from the environment alone, with every
 * instrumentation that is installed, and without a line in the service. What has ended is sent when
 * the process ends by itself or is told to (SIGTERM); nothing can be sent after `process.exit`.
 */
import { isMainThread } from 'node:worker_threads';
import { startTracing } from './tracing/start-tracing.ts';

const tracing = startTracing({ instrumentations: true });

if (tracing.enabled) {
  process.once('beforeExit', () => tracing.shutdown());
  if (isMainThread) {
    process.once('SIGTERM', async () => {
      // A service that handles the signal ends by itself, and makes spans until then.
      if (process.listenerCount('SIGTERM') > 0) {
        await tracing.flush();
        return;
      }
      await tracing.shutdown();
      process.kill(process.pid, 'SIGTERM');
    });
  }
}
