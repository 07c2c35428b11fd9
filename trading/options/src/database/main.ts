// A database for services in processes of their own, as a process. Says its address in one line of
// JSON, then serves until SIGTERM; what it holds is gone then.
import { runService } from '@throughline/service';
import { readConfig, USAGE } from './config.ts';
import { startEmbeddedDatabase } from './embedded.ts';

runService({
  name: 'pglite',
  usage: USAGE,
  // Nor does a PostgreSQL make spans.
  isTraced: false,
  readConfig,
  async start(service) {
    const database = await startEmbeddedDatabase();
    service.onStop(() => database.close());
    return { url: database.url };
  },
});
