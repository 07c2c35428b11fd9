import { ThroughlineError } from '@throughline/model';
import { type ThriftReader, type ThriftType, TYPE } from './thrift-reader.ts';

/** What a field holds: a value type, `text` (a string that must be readable) or one of our structs. */
type FieldType = 'bool' | 'i32' | 'i64' | 'double' | 'text' | 'binary' | Struct | readonly [Struct];

/** A Thrift struct as data. `[Struct]` is a list of them. */
export interface Struct {
  readonly name: string;
  /** By field id. */
  readonly fields: Readonly<Record<number, StructField>>;
}

interface StructField {
  readonly name: string;
  readonly type: FieldType;
  readonly required: boolean;
}

/**
 * Structs in one message, so that a small body cannot become millions of objects. A batch that
 * fills the largest body with ordinary spans has fewer.
 */
const STRUCTS_MAX = 1_000_000;

/**
 * Reads a struct into an object with the names of its definition. 64-bit integers are bigint, binary
 * is a view of the input. Unknown fields are passed over, as Thrift has it; a field sent twice counts
 * the second time.
 *
 * @throws ThroughlineError `TL_JAEGER_MALFORMED` with the path of the defect; `TL_OTLP_TOO_LARGE`
 */
export function readStruct(reader: ThriftReader, struct: Struct): object {
  return new StructReader(reader).read(struct);
}

class StructReader {
  readonly #reader: ThriftReader;
  /** Names and indexes from the root to the field being read. */
  readonly #path: (string | number)[] = [];
  #structs = 0;

  constructor(reader: ThriftReader) {
    this.#reader = reader;
  }

  read(struct: Struct): object {
    try {
      return this.#struct(struct);
    } catch (error) {
      if (!(error instanceof ThroughlineError)) throw error;
      const path = this.#path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`));
      throw new ThroughlineError(error.code, `${struct.name}${path.join('')}: ${error.message}`, {
        cause: error,
      });
    }
  }

  #struct(struct: Struct): object {
    this.#structs += 1;
    if (this.#structs > STRUCTS_MAX) {
      const message = `more than ${STRUCTS_MAX} spans, tags and logs in one batch`;
      throw new ThroughlineError('TL_OTLP_TOO_LARGE', message, { hint: 'Send smaller batches.' });
    }
    const value: Record<string, unknown> = {};
    let previousId = 0;
    for (;;) {
      const { type, id } = this.#reader.fieldHeader(previousId);
      if (type === TYPE.stop) break;
      previousId = id;
      const field = struct.fields[id];
      if (field === undefined) {
        this.#reader.skip(type);
        continue;
      }
      this.#path.push(field.name);
      value[field.name] = this.#value(field.type, type);
      this.#path.pop();
    }
    for (const field of Object.values(struct.fields)) {
      if (field.required && value[field.name] === undefined) this.#reader.fail(`no ${field.name}`);
    }
    return value;
  }

  #value(type: FieldType, sent: ThriftType): unknown {
    const expected = sentAs(type);
    if (sent !== expected) this.#reader.fail(`type ${sent}, expected ${expected}`);
    if (typeof type === 'string') return this.#reader[type]();
    return 'fields' in type ? this.#struct(type) : this.#list(type[0]);
  }

  #list(element: Struct): object[] {
    const { elementType, size } = this.#reader.listHeader();
    if (size > 0 && elementType !== TYPE.struct) {
      this.#reader.fail(`a list of type ${elementType}, expected ${TYPE.struct}`);
    }
    const list: object[] = [];
    for (let index = 0; index < size; index += 1) {
      this.#path.push(index);
      list.push(this.#struct(element));
      this.#path.pop();
    }
    return list;
  }
}

function sentAs(type: FieldType): ThriftType {
  if (typeof type !== 'string') return 'fields' in type ? TYPE.struct : TYPE.list;
  return type === 'text' || type === 'binary' ? TYPE.string : TYPE[type];
}
