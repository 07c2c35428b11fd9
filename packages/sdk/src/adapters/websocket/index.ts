export {
  type ExtractedPayload,
  extractFromPayload,
  injectIntoPayload,
  TRACE_HEADERS_FIELD,
} from './carrier.ts';
export { clientContextLink, startWebSocketConsumer } from './consumer.ts';
export { sendTraced, startWebSocketProducer, type TextSocket } from './producer.ts';
