import type {
  Attributes,
  Context,
  Link,
  Span,
  SpanContext,
  SpanKind,
  TimeInput,
  Tracer,
} from '@opentelemetry/api';
import type { AttributeList } from './attribute-list.ts';

/** How messaging and causality start spans: what they know anyway is not packed into options and out again. */
export interface MessageTracer extends Tracer {
  /**
   * A span that records nothing, when the parent alone decides that it is not sampled: then nobody
   * need collect attributes for it. Otherwise `undefined`.
   *
   * @param own what its attributes would be, but for those of messaging: a lifecycle's key decides
   * before the parent does
   */
  startLeftOut(parent: Context, own: Attributes | undefined): Span | undefined;
  /** As {@link startLeftOut}, for a parent that is in no context yet. */
  leaveOut(parent: SpanContext | undefined, own: Attributes | undefined): Span | undefined;
  startWith(name: string, parent: Context, start: MessageSpanStart): Span;
}

export interface MessageSpanStart {
  readonly kind: SpanKind;
  /** Belongs to the span from now on. */
  readonly attributes: AttributeList;
  readonly links?: readonly Link[] | undefined;
  readonly startTime?: TimeInput | undefined;
}
