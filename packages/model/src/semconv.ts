/** Attribute names (tracing-model, section 2). Where OpenTelemetry has a name, it is the one used. */
export const ATTR = {
  userId: 'user.id',
  clientOrderId: 'client.order_id',
  batchId: 'batch.id',
  batchSize: 'batch.size',
  batchUsers: 'batch.users',
  batchOrders: 'batch.orders',
  batchTrigger: 'batch.trigger',
  exchangeOrderId: 'exchange.order_id',
  exchangeType: 'exchange.type',
  exchangeOrderStatus: 'exchange.order_status',
  fillId: 'fill.id',
  fillQuantity: 'fill.quantity',
  fillPrice: 'fill.price',
  fillLiquidity: 'fill.liquidity',
  fillRawData: 'fill.raw_data',
  allocationMethod: 'allocation.method',
  tradingSymbol: 'trading.symbol',
  strategyName: 'strategy.name',
  orderSide: 'order.side',
  orderType: 'order.type',
  orderTimeInForce: 'order.time_in_force',
  orderQuantity: 'order.quantity',
  orderPrice: 'order.price',
  orderStatus: 'order.status',
  orderReason: 'order.reason',
  orderCumQuantity: 'order.cum_quantity',
  orderLeavesQuantity: 'order.leaves_quantity',
  orderAveragePrice: 'order.average_price',
  messagingSystem: 'messaging.system',
  messagingDestinationName: 'messaging.destination.name',
  messagingOperationName: 'messaging.operation.name',
  messagingOperationType: 'messaging.operation.type',
  messagingBatchMessageCount: 'messaging.batch.message_count',
  messagingRedelivered: 'messaging.redelivered',
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  serviceInstanceId: 'service.instance.id',
  hostName: 'host.name',
  errorType: 'error.type',
  /** On a link: why it is there, one of {@link LINK_TYPE}. */
  linkType: 'throughline.link.type',
  /** On a span that only carries links that did not fit on its parent. */
  supplement: 'throughline.supplement',
  /** `missed`: the context for a link or parent was no longer in the registry. */
  correlation: 'throughline.correlation',
} as const;

/** Values of {@link ATTR.linkType}: how the linked span caused the linking one. */
export const LINK_TYPE = {
  memberOf: 'member_of',
  triggeredBy: 'triggered_by',
  responseTo: 'response_to',
  receivedBy: 'received_by',
  filledBy: 'filled_by',
  allocatedTo: 'allocated_to',
  conflatedFrom: 'conflated_from',
  clientContext: 'client_context',
} as const;
export type LinkType = (typeof LINK_TYPE)[keyof typeof LINK_TYPE];

/** Names of the spans of the reference system `orders`. */
export const ORDER_SPAN = {
  clientOrderReceived: 'client_order_received',
  orderManagerProcessing: 'order_manager_processing',
  orderBatching: 'order_batching',
  algorithmProcessing: 'algorithm_processing',
  exchangeOrderSend: 'exchange_order_send',
  externalExchangeWsSend: 'external_exchange_ws_send',
  externalExchangeWsRecv: 'external_exchange_ws_recv',
  exchangeFillReceived: 'exchange_fill_received',
  fillMatching: 'fill_matching',
  clientOrderUpdate: 'client_order_update',
} as const;

/** Values of {@link ATTR.messagingSystem} for transports that OpenTelemetry has no name for. */
export const MESSAGING_SYSTEM = {
  channel: 'channel',
  worker: 'worker',
  websocket: 'websocket',
} as const;

/** Business ids that may travel as baggage, and are copied onto every span. Nothing else leaves. */
export const BAGGAGE_KEYS: readonly string[] = [
  ATTR.userId,
  ATTR.clientOrderId,
  ATTR.batchId,
  ATTR.exchangeOrderId,
  ATTR.fillId,
  'symbol',
  ATTR.strategyName,
];
