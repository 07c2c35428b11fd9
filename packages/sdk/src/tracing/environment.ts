import { redactedText } from '../privacy/redaction.ts';
import { isObject, optionOnly, type SettingKind, UsablePart } from './setting-kinds.ts';

/** A value that is shown in a log line is cut here. */
const SHOWN_CHARS_MAX = 80;

/** Where one setting comes from: the option, then the variables in order. */
interface Source<T> {
  readonly option?: string;
  readonly variables?: readonly string[];
  readonly kind: SettingKind<T>;
  /** The value may be a credential: it is not shown. */
  readonly isSecret?: boolean;
}

interface Setting<T> extends Source<T> {
  /** What is used where nothing usable is given. */
  readonly otherwise: T;
}

/**
 * Options and environment variables by the rules of OpenTelemetry (configuration,
 * sdk-environment-variables): empty is unset, and a value that is not usable is ignored. Each of
 * those is told in one line that names it, shows it, and says what is used instead.
 */
export class Environment {
  readonly #options: Readonly<Record<string, unknown>>;
  readonly #variables: Readonly<Record<string, string | undefined>>;
  readonly #log: (message: string) => void;
  readonly #prefix: string;

  /** @param prefix stands before the options' names in the log */
  constructor(
    options: object,
    variables: Readonly<Record<string, string | undefined>>,
    log: (message: string) => void,
    prefix = '',
  ) {
    this.#options = options as Readonly<Record<string, unknown>>;
    this.#variables = variables;
    this.#log = log;
    this.#prefix = prefix;
  }

  /** The same variables with the options within an option. */
  under(name: string): Environment {
    const kind = optionOnly<object>('an object', isObject);
    const options = this.read({ option: name, kind, otherwise: {} });
    return new Environment(options, this.#variables, this.#log, `${this.#prefix}${name}.`);
  }

  /** A variable's text. Empty is unset. */
  text(name: string): string | undefined {
    return this.#variables[name]?.trim() || undefined;
  }

  /** The first usable value. */
  read<T>(setting: Setting<T>): T {
    return this.readOr(setting, () => setting.otherwise);
  }

  /** Like `read`, with a default that is looked for only where it is needed. */
  readOr<T>(source: Source<T>, otherwise: () => T): T {
    const { option, variables = [], kind, isSecret = false } = source;
    const wrong: { name: string; value: unknown }[] = [];
    let found: T | undefined;
    const take = <V>(name: string, value: V | undefined, parse: Parse<V, T>) => {
      if (found !== undefined || value === undefined) return;
      const parsed = attempt(parse, value);
      found = parsed instanceof UsablePart ? parsed.value : parsed;
      if (parsed === undefined || parsed instanceof UsablePart) wrong.push({ name, value });
    };
    if (option !== undefined) {
      take(`the option ${this.#prefix}${option}`, this.#option(option), kind.fromOption);
    }
    for (const name of variables) take(name, this.text(name), kind.fromText);
    const used = found ?? otherwise();
    for (const { name, value } of wrong) {
      const shown = isSecret ? '' : ` ${show(value)}`;
      const instead = isSecret ? 'what is wrong is left out' : `${show(used)} is used`;
      this.#log(`tracing: ${name}${shown} is not ${kind.expected}; ${instead}`);
    }
    return used;
  }

  /**
   * True only for `true`, in any case; all other text is false, as OpenTelemetry has it.
   *
   * @returns `undefined` when the variable is not set
   */
  boolean(name: string): boolean | undefined {
    const text = this.text(name);
    const lower = text?.toLowerCase();
    if (lower === undefined || lower === 'true') return lower === undefined ? undefined : true;
    if (lower !== 'false') this.warn(`${name} ${show(text)} is not true or false; false is used`);
    return false;
  }

  /** What the option holds if it is usable; otherwise nothing is told. */
  option<T>(name: string, kind: SettingKind<T>): T | undefined {
    const given = this.#option(name);
    const parsed = given === undefined ? undefined : attempt(kind.fromOption, given);
    return parsed instanceof UsablePart ? undefined : parsed;
  }

  warn(message: string): void {
    this.#log(`tracing: ${message}`);
  }

  #option(name: string): unknown {
    return attempt((key) => this.#options[key], name);
  }
}

type Parse<V, T> = (value: V) => T | UsablePart<T> | undefined;

/** Callers in JavaScript may pass anything, even what throws when it is looked at. */
function attempt<T, V>(parse: (value: V) => T | undefined, value: V): T | undefined {
  try {
    return parse(value);
  } catch {
    return undefined;
  }
}

function show(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'number') return String(value);
  const text = redactedText(value, SHOWN_CHARS_MAX);
  return typeof value === 'string' ? JSON.stringify(text) : text;
}
