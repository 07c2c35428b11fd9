const INTEGER_MAX = 2 ** 31 - 1;

/**
 * Environment variables by the rules of OpenTelemetry (configuration/sdk-environment-variables).
 */
export class Environment {
  readonly #variables: Readonly<Record<string, string | undefined>>;
  readonly #log: (message: string) => void;

  constructor(
    variables: Readonly<Record<string, string | undefined>>,
    log: (message: string) => void,
  ) {
    this.#variables = variables;
    this.#log = log;
  }

  /** Empty is unset. */
  text(name: string): string | undefined {
    return this.#variables[name]?.trim() || undefined;
  }

  /** True only for `true`, in any case. */
  boolean(name: string): boolean | undefined {
    const text = this.text(name)?.toLowerCase();
    if (text === undefined) return undefined;
    if (text !== 'true' && text !== 'false')
      this.ignore(name, text, 'true or false; false is taken');
    return text === 'true';
  }

  /** A whole number that a timer takes as well. @param option comes before the variable */
  integer(name: string, min: number, option?: number): number | undefined {
    const isUsable = (value: number) =>
      Number.isInteger(value) && value >= min && value <= INTEGER_MAX;
    return this.#number(name, option, isUsable, `a whole number from ${min} to ${INTEGER_MAX}`);
  }

  /** @param option comes before the variable */
  ratio(name: string, option?: number): number | undefined {
    const isUsable = (value: number) => value >= 0 && value <= 1;
    return this.#number(name, option, isUsable, 'a number from 0 to 1');
  }

  /** `key=value,key=value`, percent-encoded, as in `OTEL_EXPORTER_OTLP_HEADERS`. */
  pairs(name: string): Record<string, string> {
    const pairs: Record<string, string> = {};
    for (const pair of this.text(name)?.split(',') ?? []) {
      const equals = pair.indexOf('=');
      const key = pair.slice(0, Math.max(equals, 0)).trim();
      const value = decode(pair.slice(equals + 1).trim());
      if (/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(key) && /^[\t\x20-\x7e]*$/.test(value)) {
        pairs[key] = value;
      } else {
        // The pair may be a credential, so it is not shown.
        this.#log(`tracing: ${name} is ignored in part: a pair is not key=value`);
      }
    }
    return pairs;
  }

  /** An HTTP address with the path appended. */
  url(text: string, path: string): string | undefined {
    const url = URL.parse(text);
    if (url?.protocol === 'http:' || url?.protocol === 'https:') {
      return path === '' ? url.href : `${url.href.replace(/\/+$/, '')}${path}`;
    }
    this.ignore('the OTLP endpoint', text, 'an http or https address');
    return undefined;
  }

  ignore(name: string, text: string, expected: string): void {
    this.#log(`tracing: ${name} is ignored: ${JSON.stringify(text)} is not ${expected}`);
  }

  #number(
    name: string,
    option: number | undefined,
    isUsable: (value: number) => boolean,
    expected: string,
  ): number | undefined {
    if (option !== undefined) {
      if (isUsable(option)) return option;
      this.ignore(`the option for ${name}`, String(option), expected);
    }
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (isUsable(value)) return value;
    this.ignore(name, text, expected);
    return undefined;
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
