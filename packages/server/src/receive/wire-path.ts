import { EXPORT_TRACE_REQUEST, type Field, KIND, type Shape } from './otlp-proto.ts';
import { wireFieldAt } from './wire-field.ts';

/**
 * Where in a request a field lies, such as `resource_spans[0].scope_spans[0].spans[3].trace_id`.
 * Walks the bytes again from the start, so that the check itself keeps no path: only a defect pays
 * for one.
 *
 * @param fieldAt the offset of the field's tag; the frames of all fields before it passed the wire
 *   check
 */
export function fieldPath(bytes: Uint8Array, fieldAt: number): string {
  const path: string[] = [];
  let shape: Shape | undefined = EXPORT_TRACE_REQUEST;
  let at = 0;
  let end = bytes.length;
  const counts = new Map<Field, number>();
  while (at < end) {
    const frame = wireFieldAt(bytes, at, end);
    if (frame === undefined) break;
    const field: Field | undefined = shape.fields.find((f) => f.number === frame.number);
    const index = field === undefined ? 0 : (counts.get(field) ?? 0);
    const name = field === undefined ? `field ${frame.number}` : nameOf(field, index);
    if (at >= fieldAt) {
      path.push(name);
      break;
    }
    if (fieldAt < frame.end && field !== undefined && field.kind >= KIND.message) {
      path.push(name);
      shape = field.shape;
      at = frame.contentStart;
      end = frame.end;
      counts.clear();
      continue;
    }
    if (field !== undefined) counts.set(field, index + 1);
    at = frame.end;
  }
  return path.length === 0 ? EXPORT_TRACE_REQUEST.name : path.join('.');
}

function nameOf(field: Field, index: number): string {
  return field.repeated ? `${field.name}[${index}]` : field.name;
}
