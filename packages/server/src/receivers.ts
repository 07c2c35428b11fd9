import { type StatusResponse, ThroughlineError } from '@throughline/model';
import { type Address, urlOf } from './listen.ts';
import type { IngestCounters, Protocol } from './receive/counters.ts';
import { jaegerHttp } from './receive/jaeger/http.ts';
import { jaegerUdp } from './receive/jaeger/udp.ts';
import { otlpGrpc } from './receive/otlp-grpc.ts';
import { otlpHttp } from './receive/otlp-http.ts';
import type { Receiver, ReceiverOptions } from './receive/receiver.ts';
import { zipkinHttp } from './receive/zipkin/http.ts';

/** Where UDP is received, wherever the other ports are: a datagram carries no token. */
const UDP_HOST = '127.0.0.1';

/** On which ports spans are received; 0 picks a free one. */
export interface ReceiverPorts {
  otlpHttpPort: number;
  otlpGrpcPort: number;
  /** Whether the Jaeger receivers start. */
  jaegerPorts: boolean;
  /**
   * Undefined picks the port that the protocol is known by (6831, 6832, 14268, 9411) and, where
   * another program has it, goes on without that receiver and says so in `warnings`.
   */
  jaegerCompactPort: number | undefined;
  jaegerBinaryPort: number | undefined;
  jaegerHttpPort: number | undefined;
  zipkinPort: number | undefined;
}

interface ReceiverRow {
  protocol: Protocol;
  endpoint: keyof StatusResponse['endpoints'];
  create: (options: ReceiverOptions) => Receiver;
  isUdp?: boolean;
  /** Undefined: nobody asked for the protocol's own port, and the server can do without. */
  port: number | undefined;
  knownPort: number;
}

/** The receivers in the order in which they start. */
function receiverTable(ports: ReceiverPorts): ReceiverRow[] {
  const jaeger: ReceiverRow[] = [
    {
      protocol: 'jaeger-http',
      endpoint: 'jaegerHttp',
      create: jaegerHttp,
      port: ports.jaegerHttpPort,
      knownPort: 14268,
    },
    {
      protocol: 'jaeger-compact',
      endpoint: 'jaegerCompact',
      create: (options) => jaegerUdp(options, 'compact'),
      isUdp: true,
      port: ports.jaegerCompactPort,
      knownPort: 6831,
    },
    {
      protocol: 'jaeger-binary',
      endpoint: 'jaegerBinary',
      create: (options) => jaegerUdp(options, 'binary'),
      isUdp: true,
      port: ports.jaegerBinaryPort,
      knownPort: 6832,
    },
  ];
  return [
    {
      protocol: 'otlp-http',
      endpoint: 'otlpHttp',
      create: otlpHttp,
      port: ports.otlpHttpPort,
      knownPort: 4318,
    },
    {
      protocol: 'otlp-grpc',
      endpoint: 'otlpGrpc',
      create: otlpGrpc,
      port: ports.otlpGrpcPort,
      knownPort: 4317,
    },
    ...(ports.jaegerPorts ? jaeger : []),
    {
      protocol: 'zipkin',
      endpoint: 'zipkin',
      create: zipkinHttp,
      port: ports.zipkinPort,
      knownPort: 9411,
    },
  ];
}

export interface StartOptions {
  ports: ReceiverPorts;
  /** Where the TCP ports are. */
  address: Address;
  /** Whether senders must show a token or a certificate, which UDP cannot. */
  asksSenders: boolean;
  shared: Omit<ReceiverOptions, 'counters'>;
  counters: IngestCounters;
  /** Gets every receiver before it starts, so that it is closed whatever happens then. */
  onReceiver(receiver: Receiver): void;
}

/**
 * Starts the receivers, one after the other.
 *
 * @returns where they listen, and why those that nobody asked for do not
 * @throws ThroughlineError `TL_PORT_IN_USE` or `TL_CONFIG_INVALID` for one that was asked for
 */
export async function startReceivers(
  options: StartOptions,
): Promise<{ endpoints: Partial<StatusResponse['endpoints']>; warnings: string[] }> {
  const endpoints: Partial<StatusResponse['endpoints']> = {};
  const warnings: string[] = [];
  for (const row of receiverTable(options.ports)) {
    const { protocol, endpoint, isUdp = false, port: askedPort } = row;
    if (isUdp && askedPort === undefined && options.asksSenders) {
      const way = `Set --${protocol}-port to have it on ${UDP_HOST} all the same.`;
      warnings.push(`No ${protocol} receiver: UDP carries no token. ${way}`);
      continue;
    }
    const receiver = row.create({ ...options.shared, counters: options.counters.of(protocol) });
    options.onReceiver(receiver);
    const host = isUdp ? UDP_HOST : options.address.host;
    try {
      const port = await receiver.listen(host, askedPort ?? row.knownPort);
      endpoints[endpoint] = isUdp ? `udp://${host}:${port}` : urlOf(options.address, port);
    } catch (cause) {
      const isTaken = cause instanceof ThroughlineError && cause.code === 'TL_PORT_IN_USE';
      if (askedPort !== undefined || !isTaken) throw cause;
      warnings.push(`No ${protocol} receiver: ${cause.message}. ${cause.hint}`);
    }
  }
  return { endpoints, warnings };
}
