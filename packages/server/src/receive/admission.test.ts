import { ThroughlineError } from '@throughline/model';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { Admission } from './admission.ts';
import type { FormatName } from './formats.ts';
import { batchArbitrary, encodeBatch } from './testing/jaeger.ts';
import { encodeRequest, jsonRequest, requestOf } from './testing/otlp.ts';

const MIB = 2 ** 20;
/** Above what is admitted at once in either encoding. */
const LARGE_BYTES_MIN = 2.5 * MIB;

const admissions: Admission[] = [];
afterEach(async () => {
  for (const admission of admissions.splice(0)) await admission.close();
});

function start(timeoutMs?: number): Admission {
  const admission = new Admission(timeoutMs);
  admissions.push(admission);
  return admission;
}

/** A request of one span whose name makes it this large, after the given spans. */
function largeRequest(...spans: object[]) {
  return requestOf(...spans, { name: 'x'.repeat(LARGE_BYTES_MIN) });
}

function large(text: string): Uint8Array {
  return Buffer.from(text.padEnd(LARGE_BYTES_MIN));
}

const ENCODINGS = [
  ['protobuf', encodeRequest],
  ['json', jsonRequest],
] as const;

test.each(ENCODINGS)('a large request in %s is admitted like a small one', async (type, encode) => {
  const admission = start();
  for (const request of [requestOf({ name: 'a' }), largeRequest({ name: 'a' })]) {
    const { record, spanCount, rejected } = await admission.admit(encode(request), type);
    expect(Buffer.compare(record, encodeRequest(request))).toBe(0);
    expect([spanCount, rejected]).toEqual([
      request.resourceSpans?.[0]?.scopeSpans?.[0]?.spans?.length,
      undefined,
    ]);
  }
});

test.each(
  ENCODINGS,
)('a large request in %s is admitted in part like a small one', async (type, encode) => {
  const admission = start();
  const bad = { traceId: new Uint8Array(16) };
  const small = await admission.admit(encode(requestOf(bad, { name: 'a' })), type);
  const { spanCount, rejected } = await admission.admit(encode(largeRequest(bad)), type);
  expect(spanCount).toBe(1);
  expect(rejected).toEqual(small.rejected);
  expect(rejected?.error).toBeInstanceOf(ThroughlineError);
});

test('a large request is refused like a small one', async () => {
  const admission = start();
  const text =
    '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"W47/95gDgQPSabYzgT/GDA=="}]}]}]}';
  const refusalOf = (bytes: Uint8Array) =>
    admission.admit(bytes, 'json').catch((error: ThroughlineError) => {
      expect(error).toBeInstanceOf(ThroughlineError);
      return [error.code, error.message, error.hint];
    });
  const small = await refusalOf(Buffer.from(text));
  expect(small).toContain('TL_OTLP_MALFORMED');
  expect(await refusalOf(large(text))).toEqual(small);
});

test('a body that takes too long is refused, and the next one is read', async () => {
  const admission = start(1);
  for (let round = 0; round < 2; round += 1) {
    const text = large('{"resourceSpans":[]}');
    await expect(admission.admit(text, 'json')).rejects.toMatchObject({
      code: 'TL_OTLP_TOO_LARGE',
      message: 'the body takes longer than 1 ms to read',
    });
  }
});

test('large requests at once are admitted one after the other, each with its own answer', async () => {
  const admission = start();
  const sent: [Uint8Array, FormatName][] = [
    [encodeRequest(largeRequest({ name: 'a' })), 'protobuf'],
    [large('{"resourceSpans":5}'), 'json'],
    [jsonRequest(largeRequest({ name: 'a' }, { name: 'b' })), 'json'],
  ];
  const answers = await Promise.allSettled(
    sent.map(([bytes, type]) => admission.admit(bytes, type)),
  );
  expect(answers).toMatchObject([
    { value: { spanCount: 2 } },
    { reason: { code: 'TL_OTLP_MALFORMED' } },
    { value: { spanCount: 3 } },
  ]);
});

test('a large batch in Thrift and a large Zipkin list are admitted in the thread as well', async () => {
  const admission = start();
  const name = 'x'.repeat(LARGE_BYTES_MIN);
  const span = { traceId: 'a'.repeat(32), id: 'b'.repeat(16), name, timestamp: 1, duration: 1 };
  const zipkin = Buffer.from(JSON.stringify([span]));
  expect(await admission.admit(zipkin, 'zipkin')).toMatchObject({ spanCount: 1 });
  const [batch] = fc
    .sample(batchArbitrary, { numRuns: 9, seed: 1 })
    .filter(({ spans }) => spans.length > 0);
  const [sent] = batch?.spans ?? [];
  if (!batch || !sent) throw new Error('the sample has no span');
  const large = encodeBatch({ ...batch, spans: [{ ...sent, operationName: name }] });
  expect(await admission.admit(large, 'jaeger')).toMatchObject({ spanCount: 1 });
});
