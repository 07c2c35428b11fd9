import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';

/** A line longer than this is no market data frame. */
const LINE_CHARACTERS_MAX = 1_048_576;

const amountSchema = z.string().max(40);
const levelSchema = z.tuple([amountSchema, amountSchema]);

const frameSchema = z.object({
  data: z.union([
    z.object({
      e: z.literal('depthUpdate'),
      s: z.string(),
      b: z.array(levelSchema),
      a: z.array(levelSchema),
    }),
    z.object({
      e: z.literal('trade'),
      s: z.string(),
      p: amountSchema,
      q: amountSchema,
      m: z.boolean(),
    }),
    // bookTicker frames have no event type. They repeat what the depth frames say.
    z.object({ e: z.undefined().optional(), s: z.string(), u: z.number() }),
  ]),
});

export type RecordedData = z.infer<typeof frameSchema>['data'];

/** One line of a recording: when it was received, and what the exchange had sent. */
interface RecordedFrame {
  /** Local receive time in nanoseconds since the Unix epoch. */
  readonly receivedNs: bigint;
  readonly data: RecordedData;
}

/** @returns undefined when the line is not `<ns> <combined stream frame>` */
export function parseFrame(line: string): RecordedFrame | undefined {
  const space = line.indexOf(' ');
  const time = line.slice(0, space);
  if (!/^\d{1,19}$/.test(time)) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(line.slice(space + 1));
  } catch {
    return undefined;
  }
  const frame = frameSchema.safeParse(json);
  return frame.success ? { receivedNs: BigInt(time), data: frame.data.data } : undefined;
}

/**
 * The lines of a recording (gzip when the name ends in `.gz`), read as they are asked for. A line
 * over the limit is given as its first part, which then does not parse.
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const stream = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  // pipe() does not pass on errors: a vanished file would leave the reader waiting for ever.
  file.on('error', (error) => stream.destroy(error));
  const decoder = new TextDecoder();
  let rest = '';
  let isSkipping = false;
  try {
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (!isSkipping && line !== '') yield line;
        isSkipping = false;
      }
      if (rest.length <= LINE_CHARACTERS_MAX) continue;
      if (!isSkipping) yield rest.slice(0, LINE_CHARACTERS_MAX);
      isSkipping = true;
      rest = '';
    }
    if (!isSkipping && rest !== '') yield rest;
  } finally {
    file.destroy();
  }
}
