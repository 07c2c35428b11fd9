export type { ConnectionOptions, UpgradeRequest } from './connection.ts';
export { clientContextLink, startWebSocketConsumer } from './consumer.ts';
export { sendTraced, startWebSocketProducer, type TextSocket } from './producer.ts';
export type { AnyWebSocket, CloseInfo } from './socket.ts';
export {
  type AnyWebSocketServer,
  connectWebSocket,
  TracedWebSocket,
  type TraceWebSocketOptions,
  traceWebSocket,
  traceWebSocketServer,
  type WebSocketMessage,
  type WebSocketOptions,
  type WebSocketReceiveOptions,
  type WebSocketSendOptions,
} from './traced-web-socket.ts';
