import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPartialSuccess } from './partial-success.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/** An `ExportTraceServiceResponse`. */
function encode(rejected: number | bigint, message: string): Uint8Array {
  const writer = new ProtobufWriter();
  const from = writer.open(0x0a);
  writer.int64Field(0x08, rejected);
  writer.stringField(0x12, message);
  writer.close(from);
  return writer.slice(0, writer.length).slice();
}

test('the rejected spans and the message are read', () => {
  fc.assert(
    fc.property(fc.nat(), fc.stringMatching(/^[a-z€]{0,200}$/), (rejectedSpans, message) => {
      expect(readPartialSuccess(encode(rejectedSpans, message))).toEqual({
        rejectedSpans,
        message,
      });
    }),
  );
});

test('no answer makes it throw or say less than zero, and none is as good as a full success', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(readPartialSuccess(bytes).rejectedSpans).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 1_000 },
  );
  const nothing = { rejectedSpans: 0, message: '' };
  const cut = encode(7, 'why').subarray(0, -1);
  for (const bytes of [new Uint8Array(), Buffer.from('<html>ok</html>'), cut, encode(-5n, 'no')]) {
    expect(readPartialSuccess(bytes)).toEqual(nothing);
  }
});

test('a message is one line of bounded length', () => {
  const { message } = readPartialSuccess(encode(1, `a\r\nb\u001b[31m${'c'.repeat(100_000)}`));
  expect(message).toMatch(/^a b \[31mc+$/);
  expect(message).toHaveLength(200);
});
