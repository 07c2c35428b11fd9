import { type Context, context as contextApi, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Carrier } from '../../propagation/carrier.ts';
import type { CarrierPropagator } from '../../propagation/propagator.ts';
import { currentTracing } from '../../tracing/current-tracing.ts';
import type { Tracing } from '../../tracing/tracing.ts';

type HeaderText = string | Uint8Array;

/** Of `kafkajs` and Confluent's KafkaJS API: a name that occurs several times has an array. */
type HeaderObject = Readonly<Record<string, HeaderText | readonly HeaderText[] | undefined>>;
/** Of `@platformatic/kafka`: text or bytes, as its serializers want them; bytes by default. */
type HeaderMap = ReadonlyMap<HeaderText, HeaderText>;
/** Of Confluent's rdkafka API: one object with one key for each header. */
type HeaderList = readonly Readonly<Record<string, HeaderText>>[];

/** The headers of a Kafka message in the shape of any client. */
export type KafkaHeaders = HeaderObject | HeaderMap | HeaderList;

/** Whether a client wants names and values as text or as bytes. */
export type KafkaHeaderType = 'string' | 'buffer';

/** How a client wants the headers of a message that has none. */
export interface HeaderDefaults {
  readonly headers: KafkaHeaders;
  readonly type: KafkaHeaderType;
}

/** What our names stay below; a longer one is not looked at. */
const NAME_BYTES_MAX = 32;
/** Twice what a `baggage` may have; the rest of a longer value is not looked at. */
const VALUE_BYTES_MAX = 16_384;

const namesOf = new WeakMap<CarrierPropagator, ReadonlySet<string>>();

/**
 * Headers with the context given, or else the active one, in a copy of the same shape: the others
 * stay as they are and in their order. Text or bytes as the headers given; text when there are none.
 * Headers that hold a usable context already are returned as they are, and `baggage` that is there
 * is kept.
 */
export function createKafkaHeadersWithTrace(): Record<string, string>;
export function createKafkaHeadersWithTrace<H extends KafkaHeaders>(
  headers: H | undefined,
  context?: Context,
): H;
export function createKafkaHeadersWithTrace(
  headers?: KafkaHeaders,
  context: Context = contextApi.active(),
): KafkaHeaders {
  return addToHeaders(currentTracing(), headers ?? {}, context, 'string');
}

/**
 * The context that a message's headers hold, of any client's shape. Without a usable one it is the
 * root context: whatever is started in it begins a new trace. Never throws.
 */
export function extractTraceFromKafkaHeaders(headers: unknown): Context {
  const tracing = currentTracing();
  return tracing.propagator.extract(ROOT_CONTEXT, readHeaders(tracing, headers));
}

/**
 * What our headers hold, whatever the shape. Names match in any case. Several values of one name
 * make one that is joined by commas, as W3C has it, which for `traceparent` is malformed. Never
 * throws.
 */
export function readHeaders(tracing: Tracing, headers: unknown): Carrier {
  const names = ourNames(tracing.propagator);
  const carrier: Carrier = {};
  const collect = (key: unknown, value: unknown): void => {
    const name = ourName(names, key);
    if (name === undefined) return;
    for (const item of Array.isArray(value) ? value : [value]) {
      const text = textOf(item);
      if (text === undefined) continue;
      const before = carrier[name];
      carrier[name] = before === undefined ? text : `${before},${text}`;
    }
  };
  try {
    visitHeaders(headers, collect);
  } catch {
    // A proxy or getter of somebody's that throws holds no context.
    return {};
  }
  return carrier;
}

/**
 * As {@link createKafkaHeadersWithTrace}.
 *
 * @param type what to write where the headers given do not show it
 */
export function addToHeaders(
  tracing: Tracing,
  headers: KafkaHeaders,
  context: Context,
  type: KafkaHeaderType,
): KafkaHeaders {
  const own = readHeaders(tracing, headers);
  if (tracing.propagator.read(own).spanContext) return headers;
  const carrier: Carrier = {};
  tracing.propagator.inject(context, carrier);
  const hasBaggage = own.baggage !== undefined;
  if (hasBaggage) delete carrier.baggage;
  const added = Object.entries(carrier);
  if (added.length === 0) return headers;
  const names = ourNames(tracing.propagator);
  const isOther = (key: unknown): boolean => {
    const name = ourName(names, key);
    return name === undefined || (hasBaggage && name === 'baggage');
  };
  if (isMap(headers)) return copyMap(headers, added, isOther, type);
  return isList(headers)
    ? copyList(headers, added, isOther, type)
    : copyObject(headers, added, isOther, type);
}

function copyMap(
  headers: HeaderMap,
  added: readonly [string, string][],
  isOther: (key: unknown) => boolean,
  type: KafkaHeaderType,
): HeaderMap {
  const copy = new Map<HeaderText, HeaderText>();
  const [first] = headers;
  const keyType = typeOf(first?.[0], type);
  const valueType = typeOf(first?.[1], type);
  for (const [key, value] of headers) if (isOther(key)) copy.set(key, value);
  for (const [key, value] of added) copy.set(encode(key, keyType), encode(value, valueType));
  return copy;
}

function copyList(
  headers: HeaderList,
  added: readonly [string, string][],
  isOther: (key: unknown) => boolean,
  type: KafkaHeaderType,
): HeaderList {
  const valueType = typeOf(headers[0] && Object.values(headers[0])[0], type);
  const others = headers.filter((header) => Object.keys(header).every(isOther));
  return [...others, ...added.map(([key, value]) => ({ [key]: encode(value, valueType) }))];
}

function copyObject(
  headers: HeaderObject,
  added: readonly [string, string][],
  isOther: (key: unknown) => boolean,
  type: KafkaHeaderType,
): HeaderObject {
  const entries = Object.entries(headers);
  const valueType = typeOf([entries[0]?.[1]].flat()[0], type);
  // By entries, since assigning to a header of the name __proto__ would do something else.
  return Object.fromEntries([
    ...entries.filter(([key]) => isOther(key)),
    ...added.map(([key, value]): [string, HeaderText] => [key, encode(value, valueType)]),
  ]);
}

function visitHeaders(headers: unknown, visit: (key: unknown, value: unknown) => void): void {
  if (typeof headers !== 'object' || headers === null) return;
  if (headers instanceof Map) {
    for (const [key, value] of headers) visit(key, value);
    return;
  }
  for (const header of Array.isArray(headers) ? headers : [headers]) {
    if (typeof header !== 'object' || header === null) continue;
    for (const key of Object.keys(header)) visit(key, header[key]);
  }
}

/** The name of ours that a header has; `undefined` when it is somebody else's. */
function ourName(names: ReadonlySet<string>, key: unknown): string | undefined {
  const isShort = typeof key === 'string' || key instanceof Uint8Array;
  if (!isShort || key.length > NAME_BYTES_MAX) return undefined;
  const name = (typeof key === 'string' ? key : decode(key)).toLowerCase();
  return names.has(name) ? name : undefined;
}

function ourNames(propagator: CarrierPropagator): ReadonlySet<string> {
  const known = namesOf.get(propagator);
  if (known) return known;
  const names = new Set(propagator.fields());
  namesOf.set(propagator, names);
  return names;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array ? decode(value) : undefined;
}

function decode(bytes: Uint8Array): string {
  const length = Math.min(bytes.byteLength, VALUE_BYTES_MAX);
  return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString();
}

function encode(text: string, type: KafkaHeaderType): HeaderText {
  return type === 'buffer' ? Buffer.from(text) : text;
}

function typeOf(value: unknown, otherwise: KafkaHeaderType): KafkaHeaderType {
  if (typeof value === 'string') return 'string';
  return value instanceof Uint8Array ? 'buffer' : otherwise;
}

function isMap(headers: KafkaHeaders): headers is HeaderMap {
  return headers instanceof Map;
}

function isList(headers: KafkaHeaders): headers is HeaderList {
  return Array.isArray(headers);
}
