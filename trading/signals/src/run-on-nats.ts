import { runService, type Service, type ServiceDefinition } from '@throughline/service';
import { connectNats, type NatsTransportOptions } from './transport/nats-transport.ts';
import { type Transport, transportMetrics } from './transport/transport.ts';

type ServiceOnNats<Config extends NatsConfig> = Omit<ServiceDefinition<Config>, 'start'> & {
  readonly start: (service: Service, transport: Transport, config: Config) => Promise<void> | void;
};

interface NatsConfig {
  readonly environment: NodeJS.ProcessEnv;
  readonly nats: NatsTransportOptions;
}

/** The `main.ts` of a service in a process of its own: the kit's, and a connection to NATS. */
export function runOnNats<Config extends NatsConfig>({
  start,
  ...definition
}: ServiceOnNats<Config>): void {
  runService({
    ...definition,
    async start(service, config: Config) {
      const metrics = transportMetrics(service.metrics);
      const transport = await connectNats(service, config.nats, metrics);
      await start(service, transport, config);
      return {};
    },
  });
}
