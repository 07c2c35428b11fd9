// The service `socket-client` as a process: market data in, `market.data` out.
import { runOnNats } from '../run-on-nats.ts';
import { readConfig, USAGE } from './config.ts';
import { createSource } from './create-source.ts';
import { SocketClient } from './socket-client.ts';

runOnNats({
  name: 'socket-client',
  usage: USAGE,
  readConfig,
  start: (service, transport, { source }) =>
    new SocketClient(service, transport, createSource(service, source)).start(),
});
