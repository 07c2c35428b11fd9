// Journals that the disk damaged, with the real engine. Run alone: npx vitest run --project system journal-damage
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openStore, type Store } from '../packages/store/src/index.ts';
import { encodeLength, encodeRecord } from '../packages/store/src/journal/record.ts';
import {
  newSegment,
  PLAIN_SUFFIX,
  type Segment,
  SUFFIX,
  seedOf,
} from '../packages/store/src/journal/segment.ts';
import { encodeRequest, hex, type OtlpSpan, otlpSpan } from '../packages/store/src/testing/otlp.ts';
import { temporaryFolder } from './support/serve.ts';

const SETTLE_MS = 60_000;

async function open(dataDir: string): Promise<Store> {
  const store = await openStore({ dataDir, lifecycles: [], segmentAgeMs: 20 });
  onTestFinished(() => store.close());
  return store;
}

/** A segment as a server that was killed leaves it. */
function leave(dataDir: string, spans: OtlpSpan[], plain = false): Segment {
  const dir = join(dataDir, 'journal');
  mkdirSync(dir, { recursive: true });
  const segment = newSegment(dir, Date.now(), Math.floor(Date.now() / 86_400_000) * 86_400);
  const records = spans.flatMap((span) => {
    const request = encodeRequest([span]);
    return plain
      ? [encodeLength(request.length), request]
      : encodeRecord(request, seedOf(segment.id));
  });
  const path = plain ? segment.path.replace(SUFFIX, PLAIN_SUFFIX) : segment.path;
  writeFileSync(path, Buffer.concat(records));
  return { ...segment, path };
}

/** Overwrites what the segment says of the span, its tags and lengths among it. */
function damage(path: string, span: OtlpSpan): void {
  const content = readFileSync(path);
  const at = content.indexOf(span.trace_id);
  content.fill(0xff, at - 4, at + 40);
  writeFileSync(path, content);
}

async function stored(store: Store, spans: OtlpSpan[]): Promise<string[]> {
  const ids = spans.map(({ trace_id }) => hex(trace_id));
  const page = await store.reads.spansOfTraces(ids, 1_000);
  return page.spans.map(({ traceId }) => traceId).sort();
}

const idsOf = (spans: OtlpSpan[]) => spans.map(({ trace_id }) => hex(trace_id)).sort();
const newSpans = (count: number) => Array.from({ length: count }, () => otlpSpan());

test('of damaged segments everything else is stored, and the status says what was set aside', async () => {
  const dataDir = temporaryFolder();
  const spans = newSpans(50);
  const { id, path } = leave(dataDir, spans);
  const lost = [spans[0], spans[20], spans[21], spans[49]] as OtlpSpan[];
  for (const span of lost) damage(path, span);
  const store = await open(dataDir);
  await store.settled(SETTLE_MS);
  const kept = spans.filter((span) => !lost.includes(span));
  expect(await stored(store, spans)).toEqual(idsOf(kept));
  const { store: status } = await store.status();
  expect(status).toMatchObject({ spansLoaded: 46, recordsQuarantined: 4 });
  expect(status.quarantine).toEqual([
    {
      id: expect.stringContaining(id),
      at: expect.any(BigInt),
      records: 4,
      bytes: expect.any(Number),
      reason: expect.stringMatching(/^damaged on disk: bytes 0 to /),
    },
  ]);
});

test('a journal of an earlier version, without checksums, is stored', async () => {
  const dataDir = temporaryFolder();
  const spans = newSpans(10);
  leave(dataDir, spans.slice(0, 5), true);
  leave(dataDir, spans.slice(5));
  const store = await open(dataDir);
  await store.settled(SETTLE_MS);
  expect(await stored(store, spans)).toEqual(idsOf(spans));
});

test('a segment that is damaged while it waits loses the damaged record only', async () => {
  const dataDir = temporaryFolder();
  const store = await open(dataDir);
  const { pid } = (await store.status()).engine;
  if (pid === undefined) throw new Error('the engine does not run');
  const spans = newSpans(30);
  const victim = spans[7] as OtlpSpan;
  // An engine that stands still reads the segment only after it was damaged.
  process.kill(pid, 'SIGSTOP');
  try {
    await Promise.all(spans.map((span) => store.append(encodeRequest([span]))));
    const files = globSync(join(dataDir, 'journal', `*${SUFFIX}`));
    const path = files.find((file) => readFileSync(file).includes(Buffer.from(victim.trace_id)));
    damage(path ?? '', victim);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await store.settled(SETTLE_MS);
  expect(await stored(store, spans)).toEqual(idsOf(spans.filter((span) => span !== victim)));
  const { recordsQuarantined, quarantine } = (await store.status()).store;
  expect(recordsQuarantined).toBe(1);
  expect(quarantine).toMatchObject([{ reason: expect.stringContaining('damaged on disk') }]);
});
