import {
  ATTR,
  LINK_TYPE,
  type LifecycleDefinition,
  OPTION_SPAN,
  ORDER_SPAN,
  SIGNALS_SPAN,
  SPAN_STATUS,
  WORKFLOW_SPAN,
} from '@throughline/model';

/** One client order, from its receipt to the update that tells the client how it ended. */
export const ORDER_LIFECYCLE: LifecycleDefinition = {
  name: 'order',
  keyAttributes: [ATTR.userId, ATTR.clientOrderId],
  beginSpans: [ORDER_SPAN.clientOrderReceived],
  endSpans: [ORDER_SPAN.clientOrderUpdate],
  statusAttribute: ATTR.orderStatus,
  terminalStatuses: ['filled', 'canceled', 'replaced', 'rejected', 'expired'],
  stageLabels: {
    [ORDER_SPAN.clientOrderReceived]: 'gateway',
    [ORDER_SPAN.orderManagerProcessing]: 'order manager',
    [ORDER_SPAN.orderBatching]: 'batch',
    [ORDER_SPAN.algorithmProcessing]: 'algorithm',
    [ORDER_SPAN.exchangeOrderSend]: 'algorithm',
    [ORDER_SPAN.externalExchangeWsSend]: 'exchange client',
    [ORDER_SPAN.externalExchangeWsRecv]: 'exchange',
    [ORDER_SPAN.exchangeFillReceived]: 'fill',
    [ORDER_SPAN.fillMatching]: 'matching',
    [ORDER_SPAN.clientOrderUpdate]: 'update',
    [ORDER_SPAN.clientOrderCancelReceived]: 'cancel request',
    [ORDER_SPAN.clientOrderReplaceReceived]: 'replace request',
    [ORDER_SPAN.clientOrderExpiry]: 'expiry',
    [ORDER_SPAN.orderAmendProcessing]: 'algorithm',
    [ORDER_SPAN.exchangeOrderCancel]: 'cancel',
  },
  quantities: {
    orderedAttribute: ATTR.orderQuantity,
    filledAttribute: ATTR.orderCumQuantity,
    fillSpan: ORDER_SPAN.exchangeFillReceived,
    fillQuantityAttribute: ATTR.fillQuantity,
    fillPriceAttribute: ATTR.fillPrice,
    fillIdAttribute: ATTR.fillId,
    allocationLinkType: LINK_TYPE.allocatedTo,
    fillLinkType: LINK_TYPE.filledBy,
  },
};

const SIGNAL_GENERATION = `${WORKFLOW_SPAN.signalGenerationPrefix}*`;

/** From a signal to an order that ended, where a strategy trades. */
const WORKFLOW_LABELS = {
  [SIGNAL_GENERATION]: 'signal',
  [WORKFLOW_SPAN.orderValidation]: 'validation',
  [WORKFLOW_SPAN.orderExecution]: 'execution',
  [WORKFLOW_SPAN.orderConfirmation]: 'confirmation',
};

/**
 * From market data to the first order that it led to: from a tick, or from an analysis of many. Ticks come
 * by the thousand a second and seldom lead to any, so the trace is the key. A signal
 * that is refused ends it, too. The bot's orders are confirmed in spans of the same name, but have no
 * signal's status.
 */
export const TICK_TO_TRADE: LifecycleDefinition = {
  name: 'tick_to_trade',
  keyAttributes: [],
  beginSpans: [SIGNALS_SPAN.marketDataReceive, SIGNALS_SPAN.batchAnalysis],
  endSpans: [WORKFLOW_SPAN.orderConfirmation],
  statusAttribute: ATTR.signalStatus,
  terminalStatuses: ['filled', 'canceled', 'rejected', 'expired', 'expired_in_match'],
  stageLabels: {
    ...WORKFLOW_LABELS,
    [SIGNALS_SPAN.marketDataReceive]: 'market data',
    [SIGNALS_SPAN.batchAnalysis]: 'analysis',
    'send market.data': 'market data',
    'process market.data': 'strategies',
    'send signals.trading': 'signal',
    'process signals.trading': 'trade engine',
    'send order.confirmed': 'confirmation',
  },
};

/** From an option's quote to the first time that it is in the database. */
export const OPTION_QUOTE: LifecycleDefinition = {
  name: 'option_quote',
  keyAttributes: [],
  beginSpans: [OPTION_SPAN.fetchInstrumentData],
  endSpans: [OPTION_SPAN.dbWrite],
  terminalStatuses: [SPAN_STATUS.completed],
  stageLabels: {
    [OPTION_SPAN.fetchInstrumentData]: 'quote',
    [OPTION_SPAN.enrichContext]: 'quote',
    [OPTION_SPAN.sendToKafka]: 'send quote',
    [OPTION_SPAN.processMessage]: 'processor',
    [OPTION_SPAN.cleanData]: 'processor',
    [OPTION_SPAN.calculateBsm]: 'pricing',
    [OPTION_SPAN.sendEnriched]: 'send price',
    [OPTION_SPAN.storeData]: 'storage',
    [OPTION_SPAN.prepareRecords]: 'storage',
    [OPTION_SPAN.dbWrite]: 'database',
  },
};

/**
 * One order of the bot, from its signal to the end that the exchange reports. A signal that leads to no
 * order has no order id, and begins nothing.
 */
export const BOT_ORDER: LifecycleDefinition = {
  name: 'bot_order',
  keyAttributes: [ATTR.orderOrderId],
  beginSpans: [SIGNAL_GENERATION],
  endSpans: [WORKFLOW_SPAN.orderConfirmation],
  statusAttribute: ATTR.orderStatus,
  terminalStatuses: ['filled', 'canceled', 'rejected', 'expired'],
  // The instrumentation of HTTP clients and of PostgreSQL names spans by what was called.
  stageLabels: {
    ...WORKFLOW_LABELS,
    GET: 'exchange',
    POST: 'exchange',
    DELETE: 'exchange',
    'pg*': 'database',
  },
};

/** The lifecycles that are built in. */
export const LIFECYCLE_DEFINITIONS: readonly LifecycleDefinition[] = [
  ORDER_LIFECYCLE,
  TICK_TO_TRADE,
  OPTION_QUOTE,
  BOT_ORDER,
];
