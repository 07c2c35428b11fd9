import { EXPORT_TRACE_REQUEST, type Field, KIND, type Shape, WIRE } from './otlp-proto.ts';

/**
 * Where in a request a field lies, such as `resource_spans[0].scope_spans[0].spans[3].trace_id`.
 * Walks the bytes again from the start, so that the check itself keeps no path: only a defect pays
 * for one.
 *
 * @param fieldAt the offset of the field's tag; every byte before it has passed the wire check
 */
export function fieldPath(bytes: Uint8Array, fieldAt: number): string {
  const path: string[] = [];
  let shape: Shape | undefined = EXPORT_TRACE_REQUEST;
  let at = 0;
  let end = bytes.length;
  const counts = new Map<Field, number>();
  while (at < end) {
    const tag = varintAt(bytes, at, end);
    const number = Math.floor(tag.value / 8);
    const field: Field | undefined = shape.fields.find((f) => f.number === number);
    const index = field === undefined ? 0 : (counts.get(field) ?? 0);
    const name = field === undefined ? `field ${number}` : nameOf(field, index);
    if (at >= fieldAt) {
      if (tag.complete) path.push(name);
      break;
    }
    const content = contentOf(bytes, tag, end);
    if (fieldAt < content.end && field !== undefined && field.kind >= KIND.message) {
      path.push(name);
      shape = field.shape;
      at = content.start;
      end = content.end;
      counts.clear();
      continue;
    }
    if (field !== undefined) counts.set(field, index + 1);
    at = content.end;
  }
  return path.length === 0 ? EXPORT_TRACE_REQUEST.name : path.join('.');
}

function nameOf(field: Field, index: number): string {
  return field.repeated ? `${field.name}[${index}]` : field.name;
}

interface Varint {
  value: number;
  end: number;
  /** False when the bytes end inside it, or it never ends: then there is no field to name. */
  complete: boolean;
}

function varintAt(bytes: Uint8Array, start: number, messageEnd: number): Varint {
  let value = 0;
  for (let index = 0; index < 10; index += 1) {
    if (start + index >= messageEnd) break;
    const byte = bytes[start + index] as number;
    value += (byte & 0x7f) * 128 ** index;
    if (byte < 0x80) return { value, end: start + index + 1, complete: true };
  }
  return { value, end: messageEnd, complete: false };
}

interface Content {
  start: number;
  end: number;
}

function contentOf(bytes: Uint8Array, tag: Varint, messageEnd: number): Content {
  const wireType = tag.value & 7;
  if (wireType === WIRE.i64) return { start: tag.end, end: tag.end + 8 };
  if (wireType === WIRE.i32) return { start: tag.end, end: tag.end + 4 };
  const varint = varintAt(bytes, tag.end, messageEnd);
  if (wireType === WIRE.varint) return { start: tag.end, end: varint.end };
  return { start: varint.end, end: varint.end + varint.value };
}
