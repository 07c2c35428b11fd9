import { readBatch } from './jaeger/batch.ts';
import { ThriftBinary } from './jaeger/thrift-binary.ts';
import { admitJaeger } from './jaeger/translate.ts';
import { admitJson } from './otlp-json.ts';
import { type Admitted, admit } from './otlp-wire.ts';
import { admitZipkin } from './zipkin/translate.ts';

const KIB = 2 ** 10;
const MIB = 2 ** 20;

interface Format {
  /**
   * @throws ThroughlineError when the body is not of this format, or none of its spans can be kept
   */
  admit(body: Uint8Array): Admitted;
  /**
   * Bodies up to here are admitted at once, in some ten milliseconds at most; nothing else runs
   * meanwhile.
   */
  readonly inlineBytesMax: number;
}

/** The forms in which spans come in a body, and what makes OTLP in protobuf of each. */
export const FORMATS = {
  protobuf: { admit, inlineBytesMax: 2 * MIB },
  json: { admit: admitJson, inlineBytesMax: 128 * KIB },
  jaeger: {
    admit: (body) => admitJaeger(readBatch(new ThriftBinary(asBuffer(body)))),
    inlineBytesMax: 256 * KIB,
  },
  zipkin: { admit: admitZipkin, inlineBytesMax: 256 * KIB },
} as const satisfies Record<string, Format>;
export type FormatName = keyof typeof FORMATS;

/** The same memory, with the methods that reading Thrift needs. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
