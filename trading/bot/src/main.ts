// The reference system `bot` as a process. Says where its API is in one line of JSON, then serves
// until SIGTERM. What it asks of others over HTTP, and of its database, is traced by OpenTelemetry's
// instrumentations: `node --import @throughline/sdk/register` or OTEL_NODE_ENABLED_INSTRUMENTATIONS.
import { exitWithError, startService } from '@throughline/service';
import { readConfig, USAGE } from './config.ts';

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  const config = readConfig(argv);
  if (config.isHelp) {
    console.log(USAGE);
    return;
  }
  const { serviceName: name, environment } = config;
  const service = await startService({ name, argv, environment });
  // A library is traced when it is imported after the tracing was started.
  const { startBot } = await import('./bot.ts');
  const bot = await startBot({ ...config.bot, logger: service.logger });
  service.onStop(() => bot.close());
  service.announce({ url: bot.url });
}

main().catch(exitWithError);
