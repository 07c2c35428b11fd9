import { ThroughlineError } from '@throughline/model';
import { z } from 'zod';

const INT64_MAX = 9_223_372_036_854_775_807n;

const int64Schema = z
  .string()
  .regex(/^-?\d{1,19}$/)
  .transform(BigInt);

const cursorSchema = z.object({
  sort: z.enum(['begin', 'duration']),
  asOfNs: int64Schema,
  rankNs: int64Schema,
  beginIds: z.string().max(48),
});

/**
 * Where a page of lifecycles ends: the last row's place in the order. `asOfNs` is the time of the
 * first page, until which open lifecycles count, so that their durations stand still while one
 * pages.
 */
export type Cursor = z.output<typeof cursorSchema>;

/** The cursor before the first row. `~` sorts behind every id. */
export function firstCursor(sort: Cursor['sort'], asOfNs: bigint): Cursor {
  return { sort, asOfNs, rankNs: INT64_MAX, beginIds: '~' };
}

export function encodeCursor(cursor: Cursor): string {
  const { asOfNs, rankNs, ...rest } = cursor;
  const text = JSON.stringify({ ...rest, asOfNs: `${asOfNs}`, rankNs: `${rankNs}` });
  return Buffer.from(text).toString('base64url');
}

/** @throws ThroughlineError `TL_BAD_REQUEST` when it is no cursor, or one of another sort */
export function decodeCursor(text: string, sort: Cursor['sort']): Cursor {
  const cursor = parse(text);
  if (cursor?.sort === sort) return cursor;
  throw new ThroughlineError('TL_BAD_REQUEST', 'the cursor does not belong to this list', {
    hint: 'Leave it out to begin with the first page.',
  });
}

function parse(text: string): Cursor | undefined {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    return undefined;
  }
}
