/** Attribute names (tracing-model, section 2). Where OpenTelemetry has a name, it is the one used. */
export const ATTR = {
  userId: 'user.id',
  clientOrderId: 'client.order_id',
  /** The client's own id of a request to cancel or replace. */
  clientRequestId: 'client.request_id',
  batchId: 'batch.id',
  batchSize: 'batch.size',
  batchUsers: 'batch.users',
  batchOrders: 'batch.orders',
  batchTrigger: 'batch.trigger',
  exchangeOrderId: 'exchange.order_id',
  exchangeType: 'exchange.type',
  /** Which of several venues of one type, by the name that the configuration gives it. */
  exchangeVenue: 'exchange.venue',
  /** An execution that was learned of by asking the venue: its report was lost. */
  exchangeRecovered: 'exchange.recovered',
  exchangeOrderStatus: 'exchange.order_status',
  fillId: 'fill.id',
  fillQuantity: 'fill.quantity',
  fillPrice: 'fill.price',
  fillLiquidity: 'fill.liquidity',
  fillRawData: 'fill.raw_data',
  allocationMethod: 'allocation.method',
  tradingSymbol: 'trading.symbol',
  optionContract: 'option.contract',
  /** When the quote was made: with the contract, what tells it from all others. */
  optionQuoteTime: 'option.quote_time',
  optionImpliedVolatility: 'option.implied_volatility',
  /** `implied`, or why the price has no implied volatility. */
  optionVolatilityStatus: 'option.volatility_status',
  tradingPrice: 'trading.price',
  /** What happened at the market: `trade` or `quote`. */
  marketEventType: 'market.event_type',
  strategyName: 'strategy.name',
  marketCandlesCount: 'market.candles_count',
  signalId: 'signal.id',
  /** What became of it, as `order.status` says of its order. */
  signalStatus: 'signal.status',
  signalGenerated: 'signal.generated',
  signalDirection: 'signal.direction',
  /** 0 to 100, whole. */
  signalConfidence: 'signal.confidence',
  signalEntryPrice: 'signal.entry_price',
  orderSide: 'order.side',
  orderType: 'order.type',
  orderTimeInForce: 'order.time_in_force',
  orderQuantity: 'order.quantity',
  orderPrice: 'order.price',
  orderStatus: 'order.status',
  orderReason: 'order.reason',
  /** The same as one word for programs, such as `risk_notional`. */
  orderReasonCode: 'order.reason_code',
  orderSymbol: 'order.symbol',
  /** Our own id of an order, on every span of its workflow. */
  orderOrderId: 'order.order_id',
  orderSuccess: 'order.success',
  orderErrorType: 'order.error_type',
  orderExecutionTimeMs: 'order.execution_time_ms',
  orderFilledQuantity: 'order.filled_quantity',
  orderCumQuantity: 'order.cum_quantity',
  orderLeavesQuantity: 'order.leaves_quantity',
  orderAveragePrice: 'order.average_price',
  messagingSystem: 'messaging.system',
  messagingDestinationName: 'messaging.destination.name',
  messagingDestinationTemplate: 'messaging.destination.template',
  messagingDestinationTemporary: 'messaging.destination.temporary',
  messagingMessageBodySize: 'messaging.message.body.size',
  messagingOperationName: 'messaging.operation.name',
  messagingOperationType: 'messaging.operation.type',
  messagingConsumerGroupName: 'messaging.consumer.group.name',
  messagingDestinationPartitionId: 'messaging.destination.partition.id',
  messagingKafkaOffset: 'messaging.kafka.offset',
  messagingKafkaMessageKey: 'messaging.kafka.message.key',
  messagingKafkaMessageTombstone: 'messaging.kafka.message.tombstone',
  messagingBatchMessageCount: 'messaging.batch.message_count',
  messagingRedelivered: 'messaging.redelivered',
  /** How often the broker has delivered the message, this time included. */
  messagingDeliveryCount: 'messaging.delivery_count',
  messagingNatsStream: 'messaging.nats.stream',
  messagingNatsSequence: 'messaging.nats.sequence',
  websocketCloseCode: 'websocket.close.code',
  websocketCloseReason: 'websocket.close.reason',
  websocketMessagesSent: 'websocket.messages.sent',
  websocketMessagesReceived: 'websocket.messages.received',
  networkProtocolName: 'network.protocol.name',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  urlFull: 'url.full',
  dbSystemName: 'db.system.name',
  dbCollectionName: 'db.collection.name',
  dbOperationName: 'db.operation.name',
  dbOperationBatchSize: 'db.operation.batch.size',
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  serviceInstanceId: 'service.instance.id',
  hostName: 'host.name',
  hostId: 'host.id',
  errorType: 'error.type',
  exceptionType: 'exception.type',
  exceptionMessage: 'exception.message',
  exceptionStacktrace: 'exception.stacktrace',
  /** On a link: why it is there, one of {@link LINK_TYPE}. */
  linkType: 'throughline.link.type',
  /** On a span that only carries links that did not fit on its parent. */
  supplement: 'throughline.supplement',
  /** `missed`: the context for a link or parent was no longer in the registry. */
  correlation: 'throughline.correlation',
  /** On a send: why its message went out without context, such as `max_payload`. */
  contextOmitted: 'throughline.context.omitted',
  /** On a consumer's span: why no context was continued, one of {@link CONTEXT_RECEIVED}. */
  contextReceived: 'throughline.context.received',
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
  /** A request to cancel or replace, or an expiry: the order that is to end. */
  amends: 'amends',
  /** An order that takes the place of another of the same client. */
  replaces: 'replaces',
  /** The connection that a message came or went over. */
  connection: 'connection',
  /** The previous attempt at the same message. */
  redeliveryOf: 'redelivery_of',
} as const;
export type LinkType = (typeof LINK_TYPE)[keyof typeof LINK_TYPE];

/** Values of {@link ATTR.contextReceived}. */
export const CONTEXT_RECEIVED = {
  /** The message had none. */
  missing: 'missing',
  /** It broke the W3C rules. */
  malformed: 'malformed',
  /** The message came over a trust boundary: a context that it has is linked, if anything. */
  untrusted: 'untrusted',
} as const;

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
  clientOrderRefused: 'client_order_refused',
  clientOrderCancelReceived: 'client_order_cancel_received',
  clientOrderReplaceReceived: 'client_order_replace_received',
  clientOrderExpiry: 'client_order_expiry',
  orderAmendProcessing: 'order_amend_processing',
  exchangeOrderCancel: 'exchange_order_cancel',
} as const;

/** Names of the spans from a signal to the order's end, in the systems where a strategy trades. */
export const WORKFLOW_SPAN = {
  /** Followed by the strategy's name. */
  signalGenerationPrefix: 'signal_generation.',
  orderValidation: 'order_validation',
  orderExecution: 'order_execution',
  orderConfirmation: 'order_confirmation',
} as const;

/** Names of the spans of the reference system `signals`, besides those of {@link WORKFLOW_SPAN}. */
export const SIGNALS_SPAN = {
  marketDataReceive: 'market_data_receive',
  processMarketData: 'process_market_data',
  batchAnalysis: 'batch_analysis',
} as const;

/** Names of the spans of the reference system `options`. */
export const OPTION_SPAN = {
  fetchInstrumentData: 'fetch_instrument_data',
  enrichContext: 'enrich_context',
  sendToKafka: 'send_to_kafka',
  processMessage: 'process_message',
  cleanData: 'clean_data',
  calculateBsm: 'calculate_bsm',
  sendEnriched: 'send_enriched',
  storeData: 'store_data',
  prepareRecords: 'prepare_records',
  dbWrite: 'db_write',
} as const;

/** Values of {@link ATTR.messagingSystem} for transports that OpenTelemetry has no name for. */
export const MESSAGING_SYSTEM = {
  nats: 'nats',
  kafka: 'kafka',
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
