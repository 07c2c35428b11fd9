import { ProtoWriter } from './proto-writer.ts';
import { wireFieldAt } from './wire-field.ts';

/** Where one field lies, from its tag to the start of the next field. */
export interface FieldRange {
  start: number;
  end: number;
}

/**
 * A copy of a message without some of the fields in it. The lengths of the messages around them are
 * written anew; everything else is copied as it is.
 *
 * @param cuts in ascending order, none inside another; the frames of all fields around them are
 *   sound
 */
export function withoutFields(bytes: Uint8Array, cuts: readonly FieldRange[]): Uint8Array {
  const writer = new ProtoWriter();
  let next = 0;

  const copyMessage = (start: number, end: number): void => {
    let keptFrom = start;
    let at = start;
    while (at < end) {
      const cut = cuts[next];
      const field = wireFieldAt(bytes, at, end);
      if (cut === undefined || field === undefined) break;
      if (cut.start < field.end) {
        writer.fields(bytes.subarray(keptFrom, at));
        keptFrom = field.end;
        if (cut.start === at) next += 1;
        else writer.message(field.number, () => copyMessage(field.contentStart, field.end));
      }
      at = field.end;
    }
    writer.fields(bytes.subarray(keptFrom, end));
  };

  copyMessage(0, bytes.length);
  return writer.bytes();
}
