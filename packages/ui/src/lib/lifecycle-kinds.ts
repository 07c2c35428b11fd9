import { ATTR, type LifecycleRow } from '@throughline/model';
import { attributeText } from './format.ts';

/** A column of the list, besides those that every lifecycle has. */
export interface LifecycleColumn {
  readonly label: string;
  readonly width: 'symbol' | 'side' | 'quantity' | 'name';
  text(row: LifecycleRow): string;
}

/** What the pages know of one kind of lifecycle; docs/reference/http-api.md has what each is. */
export interface LifecycleKind {
  readonly name: string;
  /** Of many, and of one. */
  readonly title: string;
  readonly noun: string;
  /** What the key is. */
  readonly keyLabel: string;
  /** What the filter looks for, besides the status. */
  readonly filterHint: string;
  /** One-click filters; `open` is any that is not final. */
  readonly statuses: readonly string[];
  /** Whether the list is of those that ended, unless open ones are asked for. */
  readonly listsEnded: boolean;
  readonly columns: readonly LifecycleColumn[];
  /** By which spans it is known, and what one starts to see some. */
  readonly beginSpans: readonly string[];
  readonly keyAttributes: readonly string[];
  readonly endSpan: string;
  readonly system: string;
}

function quantityText({ attributes }: LifecycleRow): string {
  const ordered = attributeText(attributes, ATTR.orderQuantity);
  const filled =
    attributeText(attributes, ATTR.orderCumQuantity) ||
    attributeText(attributes, ATTR.orderFilledQuantity);
  if (ordered === '') return filled;
  return filled === '' || filled === ordered ? ordered : `${filled} / ${ordered}`;
}

function sideText({ attributes }: LifecycleRow): string {
  const side = attributeText(attributes, ATTR.orderSide);
  return (side || attributeText(attributes, ATTR.signalDirection)).toLowerCase();
}

const SYMBOL: LifecycleColumn = {
  label: 'Symbol',
  width: 'symbol',
  text: ({ attributes }) => attributeText(attributes, ATTR.tradingSymbol),
};
const SIDE: LifecycleColumn = { label: 'Side', width: 'side', text: sideText };
const QUANTITY: LifecycleColumn = { label: 'Quantity', width: 'quantity', text: quantityText };
const STRATEGY: LifecycleColumn = {
  label: 'Strategy',
  width: 'name',
  text: ({ attributes }) => attributeText(attributes, ATTR.strategyName),
};
const CONTRACT: LifecycleColumn = {
  label: 'Contract',
  width: 'name',
  text: ({ attributes }) => attributeText(attributes, ATTR.optionContract),
};

export const ORDER_KIND: LifecycleKind = {
  name: 'order',
  title: 'Orders',
  noun: 'order',
  keyLabel: 'Order',
  filterHint: 'order, user, symbol, side',
  statuses: ['open', 'filled', 'canceled', 'replaced', 'rejected', 'expired'],
  listsEnded: false,
  columns: [SYMBOL, SIDE, QUANTITY],
  beginSpans: ['client_order_received'],
  keyAttributes: [ATTR.userId, ATTR.clientOrderId],
  endSpan: 'client_order_update',
  system: 'orders',
};

/** In the order in which they are offered; the first is what is shown unless another is chosen. */
export const LIFECYCLE_KINDS: readonly LifecycleKind[] = [
  ORDER_KIND,
  {
    name: 'tick_to_trade',
    title: 'Tick to trade',
    noun: 'tick',
    keyLabel: 'Trace',
    filterHint: 'trace, symbol, side',
    statuses: ['open', 'filled', 'expired', 'canceled', 'rejected'],
    listsEnded: true,
    columns: [SYMBOL, SIDE, QUANTITY, STRATEGY],
    beginSpans: ['market_data_receive', 'batch_analysis'],
    keyAttributes: [],
    endSpan: 'order_confirmation',
    system: 'signals',
  },
  {
    name: 'option_quote',
    title: 'Option quotes',
    noun: 'option quote',
    keyLabel: 'Trace',
    filterHint: 'trace, symbol',
    statuses: ['open', 'completed'],
    listsEnded: true,
    columns: [CONTRACT],
    beginSpans: ['fetch_instrument_data'],
    keyAttributes: [],
    endSpan: 'db_write',
    system: 'options',
  },
  {
    name: 'bot_order',
    title: 'Bot orders',
    noun: 'bot order',
    keyLabel: 'Order',
    filterHint: 'order, symbol',
    statuses: ['open', 'filled', 'canceled', 'rejected', 'expired'],
    listsEnded: false,
    columns: [SYMBOL, SIDE, QUANTITY, STRATEGY],
    beginSpans: ['signal_generation.*'],
    keyAttributes: [ATTR.orderOrderId],
    endSpan: 'order_confirmation',
    system: 'bot',
  },
];

export function kindOf(name: string | undefined): LifecycleKind | undefined {
  return LIFECYCLE_KINDS.find((kind) => kind.name === name);
}
