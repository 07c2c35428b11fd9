import { ATTR, type LifecycleDefinition, ThroughlineError } from '@throughline/model';

/** What the store looks spans up by, beside their trace. */
export interface Indexed {
  /** Attributes that lead to few traces each. */
  readonly idKeys: readonly string[];
  /** Names of the spans that begin a lifecycle. */
  readonly beginNames: readonly string[];
  /** Of those that can end one, and what tells that one does. */
  readonly endNames: readonly string[];
  readonly statusAttributes: readonly string[];
  readonly terminalStatuses: readonly string[];
  /** The attributes that lists take from begins and ends. */
  readonly boundaryKeys: readonly string[];
}

/** Ids by which people search, whatever the lifecycles. */
const ID_KEYS = [ATTR.clientOrderId, ATTR.batchId, ATTR.exchangeOrderId, ATTR.fillId];

/** What lists of lifecycles show and search, besides key and status. */
export const LISTED_ATTRIBUTES = [ATTR.tradingSymbol, ATTR.orderSide, ATTR.orderType] as const;

/** What these lifecycles need. */
export function indexedBy(definitions: readonly LifecycleDefinition[]): Indexed {
  const unique = (names: readonly string[]): string[] => [...new Set(names)];
  return {
    idKeys: unique([...ID_KEYS, ...definitions.map(idKeyOf)]),
    beginNames: unique(definitions.flatMap((d) => d.beginSpans)),
    endNames: unique(definitions.flatMap((d) => d.endSpans)),
    statusAttributes: unique(definitions.map((d) => d.statusAttribute)),
    terminalStatuses: unique(definitions.flatMap((d) => d.terminalStatuses)),
    boundaryKeys: unique([
      ...LISTED_ATTRIBUTES,
      ...definitions.flatMap((d) => [...d.keyAttributes, d.statusAttribute]),
    ]),
  };
}

/** The last part of a lifecycle's key, the most specific one, by which it is found. */
export function idKeyOf({ keyAttributes }: LifecycleDefinition): string {
  return keyAttributes.at(-1) ?? '';
}

/**
 * The key attributes as the parameters of queries that name four, as constants: a map is ten times
 * slower to look up by a computed name. Those that a definition does not have are empty.
 */
export function keyParameters({ name, keyAttributes }: LifecycleDefinition) {
  const [key_1 = '', key_2 = '', key_3 = '', key_4 = '', ...more] = keyAttributes;
  if (more.length === 0) return { key_1, key_2, key_3, key_4 };
  throw new ThroughlineError(
    'TL_CONFIG_INVALID',
    `the lifecycle ${name} has ${keyAttributes.length} key attributes; at most 4 are possible`,
  );
}
