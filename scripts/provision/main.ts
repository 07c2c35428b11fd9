// Brings what the system tests need and npm does not carry: a Chromium to click in and the real servers.
// Prints one line for each; exits 1 with what to do when something cannot be had: nothing is skipped.
import { provisionChromium } from './chromium.ts';
import { provisionKafka } from './kafka.ts';
import { provisionNats } from './nats.ts';
import { provisionPostgres } from './postgres.ts';
import { provisionRedis } from './redis.ts';
import { provisionSenders } from './senders.ts';

const provisions = {
  chromium: provisionChromium,
  'nats-server': provisionNats,
  'redis-server': provisionRedis,
  PostgreSQL: provisionPostgres,
  Kafka: provisionKafka,
  'senders in other languages': provisionSenders,
};

for (const [name, provision] of Object.entries(provisions)) {
  const provisioned = await provision();
  if ('path' in provisioned) {
    process.stdout.write(`provision: ${name} at ${provisioned.path}\n`);
  } else {
    process.stderr.write(`provision: no ${name}: ${provisioned.todo}\n`);
    process.exitCode = 1;
  }
}
