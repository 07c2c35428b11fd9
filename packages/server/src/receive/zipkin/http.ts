import { type PlainHttpProtocol, plainHttp } from '../plain-http.ts';
import type { Receiver, ReceiverOptions } from '../receiver.ts';

const PATH = '/api/v2/spans';

/** `POST /api/v2/spans` of Zipkin's API: a list of spans in JSON. */
export const ZIPKIN_HTTP: PlainHttpProtocol = {
  what: 'zipkin',
  path: PATH,
  mediaTypes: ['application/json'],
  hint: (request) => {
    const isV1 = request.url.startsWith('/api/v1/');
    const advice = `Send Zipkin v2 JSON as application/json with POST ${PATH}`;
    return `${advice}${isV1 ? '; v1 is not read' : '; protobuf and Thrift are not read'}.`;
  },
  format: 'zipkin',
};

/**
 * The receiver for Zipkin's v2 API, as Zipkin's server has it on port 9411.
 *
 * @see https://zipkin.io/zipkin-api/#/default/post_spans
 */
export function zipkinHttp(options: ReceiverOptions): Receiver {
  return plainHttp(ZIPKIN_HTTP, options);
}
