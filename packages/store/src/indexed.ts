import {
  ATTR,
  isKeyedByTrace,
  type LifecycleDefinition,
  prefixOf,
  SPAN_STATUS,
  ThroughlineError,
} from '@throughline/model';

/** What the store looks spans up by, beside their trace. */
export interface Indexed {
  /** Attributes that lead to few traces each. */
  readonly idKeys: readonly string[];
  /**
   * Names of the spans that begin a lifecycle, and what names of others begin with. Where the trace is the
   * key nothing is kept of begins: by the trace they are found as they are.
   */
  readonly beginNames: readonly string[];
  readonly beginPrefixes: readonly string[];
  /** Of those that end one unless they have failed. */
  readonly completedNames: readonly string[];
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

/** The symbol as baggage brings it, to spans that do not know it themselves. */
export const BAGGAGE_SYMBOL = 'symbol';

/** What stands for the status attribute with an end span whose definition has none. */
const SPAN_STATUS_ATTRIBUTE = 'throughline.status';

/** What these lifecycles need. */
export function indexedBy(definitions: readonly LifecycleDefinition[]): Indexed {
  const unique = (names: readonly string[]): string[] => [...new Set(names)];
  const keyed = definitions.filter((definition) => !isKeyedByTrace(definition));
  const begins = keyed.flatMap(({ beginSpans }) => beginSpans);
  const told = definitions.filter(({ statusAttribute }) => statusAttribute !== undefined);
  const untold = definitions.filter(({ statusAttribute }) => statusAttribute === undefined);
  const statusAttributes = unique(told.flatMap(({ statusAttribute = '' }) => statusAttribute));
  return {
    idKeys: unique([...ID_KEYS, ...keyed.map(idKeyOf)]),
    beginNames: unique(begins.filter((name) => prefixOf(name) === undefined)),
    beginPrefixes: unique(begins.flatMap((name) => prefixOf(name) ?? [])),
    completedNames: unique(untold.flatMap((d) => d.endSpans)),
    endNames: unique(told.flatMap((d) => d.endSpans)),
    statusAttributes,
    terminalStatuses: unique(told.flatMap((d) => d.terminalStatuses)),
    boundaryKeys: unique([
      ...LISTED_ATTRIBUTES,
      ...keyed.flatMap((d) => d.keyAttributes),
      ...statusAttributes,
    ]),
  };
}

/** As the parameters of a load. */
export function loadParameters(indexed: Indexed) {
  return {
    id_keys: indexed.idKeys,
    begin_names: indexed.beginNames,
    begin_prefixes: indexed.beginPrefixes,
    completed_names: indexed.completedNames,
    completed_attribute: SPAN_STATUS_ATTRIBUTE,
    completed_status: SPAN_STATUS.completed,
    completed_keys: [...LISTED_ATTRIBUTES, BAGGAGE_SYMBOL],
    end_names: indexed.endNames,
    status_attributes: indexed.statusAttributes,
    terminal_statuses: indexed.terminalStatuses,
    boundary_keys: indexed.boundaryKeys,
  };
}

/**
 * The names of begin spans as the parameters of queries that compare with a list of names and with one
 * prefix, or none: an index on names helps with both.
 */
export function beginParameters({ name, beginSpans }: LifecycleDefinition) {
  const [begin_prefix = '', ...more] = beginSpans.flatMap((pattern) => prefixOf(pattern) ?? []);
  const begin_names = beginSpans.filter((pattern) => prefixOf(pattern) === undefined);
  if (more.length === 0) return { begin_names, begin_prefix };
  throw new ThroughlineError(
    'TL_CONFIG_INVALID',
    `the lifecycle ${name} has ${more.length + 1} begin spans that end in *; at most 1 is possible`,
  );
}

/** What tells that a span ends one of these lifecycles, as the parameters of queries. */
export function endParameters(definition: LifecycleDefinition) {
  return {
    end_names: definition.endSpans,
    status_attribute: definition.statusAttribute ?? SPAN_STATUS_ATTRIBUTE,
    terminal_statuses: definition.terminalStatuses,
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
