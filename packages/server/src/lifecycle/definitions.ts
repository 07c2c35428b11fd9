import { ATTR, LINK_TYPE, type LifecycleDefinition, ORDER_SPAN } from '@throughline/model';

/** One client order, from its receipt to the update that tells the client how it ended. */
export const ORDER_LIFECYCLE: LifecycleDefinition = {
  name: 'order',
  keyAttributes: [ATTR.userId, ATTR.clientOrderId],
  beginSpans: [ORDER_SPAN.clientOrderReceived],
  endSpans: [ORDER_SPAN.clientOrderUpdate],
  statusAttribute: ATTR.orderStatus,
  terminalStatuses: ['filled', 'canceled', 'rejected', 'expired'],
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

/** The lifecycles that are built in. */
export const LIFECYCLE_DEFINITIONS: readonly LifecycleDefinition[] = [ORDER_LIFECYCLE];
