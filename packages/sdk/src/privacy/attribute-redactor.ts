import type { Attributes } from '@opentelemetry/api';
import { hidePairs, REDACTED } from './pairs-in-text.ts';
import { type CompiledRules, compileRules, type RedactionRules } from './redaction-rules.ts';
import { isShortAndPlain, replaceSecrets } from './secret-patterns.ts';
import { presenceKey, SensitiveKeys } from './sensitive-keys.ts';

const DEPTH_MAX = 16;

/**
 * Decides what of attributes and texts may leave. Of a sensitive key, only that it was there is told:
 * `api_key_present: true`. Within text, sensitive values and what looks like a secret become
 * `[redacted]`. Never throws.
 */
export class AttributeRedactor {
  readonly #keys: SensitiveKeys;
  /** Apart: keys within texts are of any number, and must not push out those of attributes. */
  readonly #keysInText: SensitiveKeys;
  readonly #rules: CompiledRules;

  /** @param log is told of rules that are not usable; they are left out */
  constructor(rules: RedactionRules = {}, log: (message: string) => void = () => undefined) {
    this.#rules = compileRules(rules, log);
    this.#keys = new SensitiveKeys(this.#rules);
    this.#keysInText = new SensitiveKeys(this.#rules);
  }

  keyIsSensitive(key: string): boolean {
    return this.#keys.has(key);
  }

  /** @returns the same string when there was nothing to hide */
  text(value: string): string {
    const { valuePatterns, hidesSecrets } = this.#rules;
    if (valuePatterns.length === 0 && isShortAndPlain(value)) return value;
    let text = hidePairs(value, this.#isSensitiveInText);
    if (hidesSecrets) text = replaceSecrets(text, hide);
    for (const pattern of valuePatterns) text = text.replace(pattern, hide);
    return text;
  }

  /** @returns the same object when there was nothing to hide, otherwise a copy */
  redactAttributes(attributes: Attributes): Attributes {
    return this.#redactObject(attributes, 0);
  }

  readonly #isSensitiveInText = (key: string): boolean => this.#keysInText.has(key);

  #redactObject(attributes: Attributes, depth: number): Attributes {
    let redacted: Attributes | undefined;
    for (const key of Object.keys(attributes)) {
      const value = attributes[key];
      if (value === undefined || value === null) continue;
      if (this.#keys.has(key)) {
        redacted ??= { ...attributes };
        delete redacted[key];
        redacted[presenceKey(key)] = true;
        continue;
      }
      const shown = this.#redactValue(value, depth);
      if (shown === value) continue;
      redacted ??= { ...attributes };
      redacted[key] = shown;
    }
    return redacted ?? attributes;
  }

  #redactValue(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    if (depth >= DEPTH_MAX) return REDACTED;
    if (!Array.isArray(value)) return this.#redactObject(value as Attributes, depth + 1);
    const items = value.map((item) => this.#redactValue(item, depth + 1));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
}

/** A replacer: a match becomes `[redacted]`, after what a group whose name begins with `kept` captured. */
function hide(match: string, ...rest: unknown[]): string {
  if (match === '') return match;
  const groups = rest.at(-1) as Readonly<Record<string, string | undefined>> | string;
  const named = typeof groups === 'object' ? Object.entries(groups) : [];
  const kept = named.find(([name, part]) => name.startsWith('kept') && part !== undefined)?.[1];
  return `${kept ?? ''}${REDACTED}`;
}
