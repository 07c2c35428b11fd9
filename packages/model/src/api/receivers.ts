import type { StatusResponse } from './status.ts';

/** How spans come in: the names of each protocol in the counts, in the endpoints and for people. */
export const RECEIVERS = [
  { protocol: 'otlp-http', endpoint: 'otlpHttp', name: 'OTLP/HTTP' },
  { protocol: 'otlp-grpc', endpoint: 'otlpGrpc', name: 'OTLP/gRPC' },
  { protocol: 'jaeger-http', endpoint: 'jaegerHttp', name: 'Jaeger/HTTP' },
  { protocol: 'jaeger-compact', endpoint: 'jaegerCompact', name: 'Jaeger compact' },
  { protocol: 'jaeger-binary', endpoint: 'jaegerBinary', name: 'Jaeger binary' },
  { protocol: 'zipkin', endpoint: 'zipkin', name: 'Zipkin' },
] as const satisfies {
  protocol: string;
  endpoint: keyof StatusResponse['endpoints'];
  name: string;
}[];

/** What one receiver did since the server started. */
export interface ReceiverSums {
  protocol: string;
  /** For people. */
  name: string;
  endpoint: string;
  requests: number;
  requestsRefused: number;
  spansAccepted: number;
  spansRefused: number;
  lastReceivedAt: bigint | undefined;
}

/** The receivers that listen. */
export function receiverSums({ endpoints, ingest }: StatusResponse): ReceiverSums[] {
  return RECEIVERS.flatMap(({ protocol, endpoint, name }) => {
    const address = endpoints[endpoint];
    const counts = ingest.protocols[protocol];
    if (address === undefined) return [];
    const refused = Object.values(counts?.rejected ?? {});
    return {
      protocol,
      name,
      endpoint: address,
      requests: counts?.requests ?? 0,
      requestsRefused: refused.reduce((sum, { requests }) => sum + requests, 0),
      spansAccepted: counts?.spansAccepted ?? 0,
      spansRefused: refused.reduce((sum, { spans }) => sum + spans, 0),
      lastReceivedAt: counts?.lastReceivedAt,
    };
  });
}

/** The name of a protocol for people; one that is not known is shown as it is. */
export function protocolName(protocol: string): string {
  return RECEIVERS.find((receiver) => receiver.protocol === protocol)?.name ?? protocol;
}
