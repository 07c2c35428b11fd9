import { type CompiledRules, plainKey } from './redaction-rules.ts';

const ANSWERS_MAX = 4_096;
/** Longer keys are rare, and remembering them would cost memory. */
const KEY_CHARS_REMEMBERED_MAX = 128;
/** Such a key only says that a sensitive one was there, whoever wrote it. */
const PRESENCE_SUFFIX = '_present';

/** Which keys are sensitive. Remembers its answers: the same few keys come on every span. */
export class SensitiveKeys {
  readonly #rules: CompiledRules;
  readonly #answers = new Map<string, boolean>();

  constructor(rules: CompiledRules) {
    this.#rules = rules;
  }

  has(key: string): boolean {
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = this.#decide(key);
    if (key.length <= KEY_CHARS_REMEMBERED_MAX) {
      if (this.#answers.size >= ANSWERS_MAX) this.#answers.clear();
      this.#answers.set(key, answer);
    }
    return answer;
  }

  #decide(key: string): boolean {
    if (key.endsWith(PRESENCE_SUFFIX)) return false;
    const { keyParts, keyPatterns, keysAllowed } = this.#rules;
    const plain = plainKey(key);
    if (keysAllowed.has(plain)) return false;
    return (
      keyParts.some((part) => plain.includes(part)) ||
      keyPatterns.some((pattern) => pattern.test(key))
    );
  }
}

/** The key that tells, instead of a sensitive one, that it was there. */
export function presenceKey(key: string): string {
  return `${key}${PRESENCE_SUFFIX}`;
}
