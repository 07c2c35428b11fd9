import type { Attributes } from '@opentelemetry/api';
import type { Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import {
  KeyRedactor,
  REDACTION_RULES,
  type RedactionRules,
  redactAttributes,
  redactText,
} from './redaction.ts';

/**
 * Hides the values of sensitive attributes on spans, events and links when a span ends, before any
 * exporter sees it: whatever put a password there, it does not leave. What was thrown may quote one
 * too, so the text of exceptions is searched.
 */
export class RedactionSpanProcessor implements SpanProcessor {
  readonly #redactor: KeyRedactor;

  constructor(rules: RedactionRules = REDACTION_RULES) {
    this.#redactor = new KeyRedactor(rules);
  }

  onStart(): void {}

  onEnding(span: Span): void {
    redactAttributes(span.attributes, this.#redactor);
    for (const link of span.links) {
      if (link.attributes) redactAttributes(link.attributes, this.#redactor);
    }
    for (const { attributes } of span.events) {
      if (!attributes) continue;
      redactAttributes(attributes, this.#redactor);
      this.#redactTexts(attributes);
    }
    const { message } = span.status;
    if (message) span.status.message = redactText(message, this.#redactor);
  }

  onEnd(): void {}

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}

  #redactTexts(attributes: Attributes): void {
    for (const key in attributes) {
      const value = attributes[key];
      if (typeof value === 'string') attributes[key] = redactText(value, this.#redactor);
    }
  }
}
