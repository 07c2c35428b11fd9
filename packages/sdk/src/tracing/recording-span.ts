import {
  type Attributes,
  type AttributeValue,
  type Exception,
  type HrTime,
  type Link,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
} from '@opentelemetry/api';
import { ATTR } from '@throughline/model/names';
import type { AttributeList } from './attribute-list.ts';
import type { Clock } from './clock.ts';
import type { SpanLimits } from './span-limits.ts';
import { hrTimeOf, isTimeInput } from './time-input.ts';

/** Who makes spans: what was given to `getTracer`. */
export interface InstrumentationScope {
  readonly name: string;
  readonly version?: string;
}

export interface SpanEvent {
  readonly name: string;
  readonly time: HrTime;
  readonly attributes: Attributes | undefined;
}

/** What all spans of one tracer share. */
export interface SpanEnvironment {
  readonly scope: InstrumentationScope;
  readonly clock: Clock;
  readonly limits: SpanLimits;
  /** Called once, when the span ends; it is not changed any more. */
  readonly onEnd: (span: RecordingSpan) => void;
}

export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly spanContext: SpanContext;
  readonly parentSpanContext: SpanContext | undefined;
  readonly startTime: HrTime;
  readonly attributes: AttributeList;
  readonly links: readonly Link[];
}

/** A sampled span, open until `end` (OpenTelemetry, Trace API, Span). After that it ignores every call. */
export class RecordingSpan implements Span {
  readonly kind: SpanKind;
  readonly parentSpanContext: SpanContext | undefined;
  readonly startTime: HrTime;
  /** The attributes as the encoder reads them; everybody else reads {@link attributes}. */
  readonly attributeList: AttributeList;
  name: string;
  links: readonly Link[];
  events: readonly SpanEvent[] = NO_EVENTS;
  status: SpanStatus = UNSET;
  endTime: HrTime | undefined;
  droppedAttributesCount: number;
  droppedEventsCount = 0;
  droppedLinksCount: number;
  readonly #spanContext: SpanContext;
  readonly #environment: SpanEnvironment;

  constructor(environment: SpanEnvironment, start: SpanStart) {
    const { limits } = environment;
    this.#environment = environment;
    this.#spanContext = start.spanContext;
    this.name = start.name;
    this.kind = start.kind;
    this.parentSpanContext = start.parentSpanContext;
    this.startTime = start.startTime;
    this.attributeList = start.attributes;
    this.droppedAttributesCount = start.attributes.shorten(limits.attributeCountMax);
    const { links } = start;
    this.links = links.length <= limits.linkCountMax ? links : links.slice(0, limits.linkCountMax);
    this.droppedLinksCount = links.length - this.links.length;
  }

  get attributes(): Attributes {
    return this.attributeList.toObject();
  }

  get instrumentationScope(): InstrumentationScope {
    return this.#environment.scope;
  }

  get limits(): SpanLimits {
    return this.#environment.limits;
  }

  get ended(): boolean {
    return this.endTime !== undefined;
  }

  spanContext(): SpanContext {
    return this.#spanContext;
  }

  isRecording(): boolean {
    return this.endTime === undefined;
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (this.endTime) return this;
    this.attributeList.set(key, value);
    this.droppedAttributesCount += this.attributeList.shorten(this.limits.attributeCountMax);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    for (const key of Object.keys(attributes)) {
      this.setAttribute(key, attributes[key] as AttributeValue);
    }
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.endTime) return this;
    if (this.events.length >= this.limits.eventCountMax) {
      this.droppedEventsCount += 1;
      return this;
    }
    const isTime = isTimeInput(attributesOrTime);
    const at = time ?? (isTime ? attributesOrTime : undefined);
    const attributes = isTime ? undefined : { ...(attributesOrTime as Attributes | undefined) };
    this.events = [...this.events, { name, time: this.#timeOf(at), attributes }];
    return this;
  }

  addLink(link: Link): this {
    return this.addLinks([link]);
  }

  addLinks(links: Link[]): this {
    if (this.endTime) return this;
    const kept = links.slice(0, this.limits.linkCountMax - this.links.length);
    this.droppedLinksCount += links.length - kept.length;
    this.links = [...this.links, ...kept];
    return this;
  }

  /** `OK` is final, and nothing goes back to `UNSET` (OpenTelemetry, Set Status). */
  setStatus({ code, message }: SpanStatus): this {
    const isFinal = this.status.code === SpanStatusCode.OK;
    if (this.endTime || isFinal || code === SpanStatusCode.UNSET) return this;
    const hasMessage = code === SpanStatusCode.ERROR && typeof message === 'string';
    this.status = hasMessage ? { code, message } : { code };
    return this;
  }

  updateName(name: string): this {
    if (!this.endTime) this.name = name;
    return this;
  }

  /** Adds an `exception` event (OpenTelemetry semantic conventions, Exceptions on spans). */
  recordException(exception: Exception, time?: TimeInput): void {
    this.addEvent('exception', exceptionAttributes(exception), time);
  }

  /** A time before the start counts as the start: a span has no negative duration. */
  end(endTime?: TimeInput): void {
    if (this.endTime) return;
    const time = this.#timeOf(endTime);
    this.endTime = isBefore(time, this.startTime) ? this.startTime : time;
    this.#environment.onEnd(this);
  }

  #timeOf(time: TimeInput | undefined): HrTime {
    return hrTimeOf(time) ?? this.#environment.clock.now();
  }
}

const NO_EVENTS: readonly SpanEvent[] = [];
const UNSET: SpanStatus = { code: SpanStatusCode.UNSET };

function exceptionAttributes(exception: Exception): Attributes {
  if (typeof exception === 'string') return { [ATTR.exceptionMessage]: exception };
  const { code, name, message, stack } = exception;
  const type = code === undefined ? name : String(code);
  return {
    ...(type ? { [ATTR.exceptionType]: type } : {}),
    ...(message ? { [ATTR.exceptionMessage]: message } : {}),
    ...(stack ? { [ATTR.exceptionStacktrace]: stack } : {}),
  };
}

function isBefore(a: HrTime, b: HrTime): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}
