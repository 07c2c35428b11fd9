/**
 * Reads the members of one Zipkin span out of JSON that a stranger sent. The first defect is kept,
 * and every later answer is of no meaning then. `null` means absent, as for Zipkin's own server.
 */
export class SpanReader {
  /** Why the span cannot be kept; a fixed text whatever was sent. */
  defect: string | undefined;
  readonly #members: JsonObject;

  constructor(span: unknown) {
    this.#members = this.#object(span, 'it is') ?? {};
  }

  /** @param name as Zipkin's v2 API has it, here and below */
  text(name: string): string | undefined {
    return this.#text(this.#members[name], name);
  }

  /** An id in hex of either case; a short one is filled up with zeros on its left. */
  id(name: string, bytes: 8 | 16): Buffer | undefined {
    const text = this.#text(this.#members[name], name);
    if (text === undefined) return undefined;
    if (text.length > bytes * 2 || !/^[0-9a-f]+$/i.test(text)) {
      this.#fail(`its ${name} is not 1 to ${bytes * 2} hex digits`);
      return undefined;
    }
    const id = Buffer.from(text.padStart(bytes * 2, '0'), 'hex');
    return id.every((byte) => byte === 0) ? undefined : id;
  }

  /** A whole number of microseconds, as a number or in decimal digits. */
  micros(name: string): bigint | undefined {
    const value = this.#members[name];
    if (value === undefined || value === null) return undefined;
    const micros = microsOf(value);
    if (micros === undefined) this.#fail(`its ${name} is not a whole number of microseconds`);
    return micros;
  }

  flag(name: string): boolean {
    return this.#members[name] === true;
  }

  endpoint(name: string): ZipkinEndpoint {
    const members = this.#object(this.#members[name] ?? {}, `its ${name} is`) ?? {};
    const [serviceName, ipv4, ipv6] = ['serviceName', 'ipv4', 'ipv6'].map((member) => {
      const text = this.#text(members[member], `${name}.${member}`);
      return text === '' ? undefined : text;
    });
    const { port } = members;
    return { serviceName, ipv4, ipv6, port: isPort(port) ? port : undefined };
  }

  /** Tags with a text; numbers and booleans have one too. The others are counted. */
  tags(): { tags: [key: string, text: string][]; textless: number } {
    const all = Object.entries(this.#object(this.#members.tags ?? {}, 'its tags are') ?? {});
    const tags: [string, string][] = [];
    for (const [key, value] of all) {
      if (typeof value === 'string') tags.push([key, value]);
      else if (typeof value === 'number' || typeof value === 'boolean') {
        tags.push([key, String(value)]);
      }
    }
    return { tags, textless: all.length - tags.length };
  }

  /** Annotations with a time and a text. The others are counted. */
  annotations(): { annotations: ZipkinAnnotation[]; unreadable: number } {
    const all = this.#members.annotations ?? [];
    if (!Array.isArray(all)) {
      this.#fail('its annotations are not a list');
      return { annotations: [], unreadable: 0 };
    }
    const annotations: ZipkinAnnotation[] = [];
    for (const annotation of all as unknown[]) {
      if (!isObject(annotation) || typeof annotation.value !== 'string') continue;
      const timestampUs = microsOf(annotation.timestamp);
      if (timestampUs !== undefined) annotations.push({ timestampUs, value: annotation.value });
    }
    return { annotations, unreadable: all.length - annotations.length };
  }

  #text(value: unknown, name: string): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string') return value;
    this.#fail(`its ${name} is not a string`);
    return undefined;
  }

  #object(value: unknown, subject: string): JsonObject | undefined {
    if (isObject(value)) return value;
    this.#fail(`${subject} not an object`);
    return undefined;
  }

  #fail(defect: string): void {
    this.defect ??= defect;
  }
}

export interface ZipkinEndpoint {
  serviceName: string | undefined;
  ipv4: string | undefined;
  ipv6: string | undefined;
  port: number | undefined;
}

export interface ZipkinAnnotation {
  timestampUs: bigint;
  value: string;
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536;
}

function microsOf(value: unknown): bigint | undefined {
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  if (typeof value === 'string' && /^-?\d{1,18}$/.test(value)) return BigInt(value);
  return undefined;
}
