import { type PlainHttpProtocol, plainHttp } from '../plain-http.ts';
import type { Receiver, ReceiverOptions } from '../receiver.ts';

const PATH = '/api/traces';
const MEDIA_TYPES = ['application/x-thrift', 'application/vnd.apache.thrift.binary'];

/** `POST /api/traces` of Jaeger's collector: one batch in Thrift's binary protocol. */
export const JAEGER_HTTP: PlainHttpProtocol = {
  what: 'jaeger-http',
  path: PATH,
  mediaTypes: MEDIA_TYPES,
  hint: () => `Send a Jaeger batch as ${MEDIA_TYPES[0]} with POST ${PATH}.`,
  format: 'jaeger',
};

/**
 * The receiver for Jaeger clients that report over HTTP, as Jaeger's collector has it on port 14268.
 *
 * @see https://www.jaegertracing.io/docs/1.76/architecture/apis/#thrift-over-http-stable
 */
export function jaegerHttp(options: ReceiverOptions): Receiver {
  return plainHttp(JAEGER_HTTP, options);
}
