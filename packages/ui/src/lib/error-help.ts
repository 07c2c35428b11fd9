import type { ErrorCode } from '@throughline/model';

interface ErrorHelp {
  readonly meaning: string;
  readonly remedy: string;
}

const MALFORMED = 'Mend the sender: the message names the place and the defect.';

/** What the codes mean with which spans are refused; docs/reference/errors.md has all codes. */
const ERROR_HELP: Readonly<Partial<Record<ErrorCode, ErrorHelp>>> = {
  TL_OTLP_MALFORMED: {
    meaning:
      'The request is not OTLP and nothing of it is stored, or only single spans of it have a defect and are left out.',
    remedy: MALFORMED,
  },
  TL_JAEGER_MALFORMED: {
    meaning:
      'The batch is not Jaeger’s Thrift and nothing of it is stored, or only single spans of it cannot be kept and are left out.',
    remedy: MALFORMED,
  },
  TL_ZIPKIN_MALFORMED: {
    meaning:
      'The request is not Zipkin’s JSON (v2) and nothing of it is stored, or only single spans of it cannot be kept and are left out.',
    remedy: MALFORMED,
  },
  TL_OTLP_TOO_LARGE: {
    meaning: 'The request is larger, or has more spans or attributes, than one may have.',
    remedy: 'Send smaller batches; protobuf may be larger than JSON.',
  },
  TL_OTLP_UNSUPPORTED_TYPE: {
    meaning: 'The content type or the compression is not one that this protocol has.',
    remedy: 'Send protobuf or JSON, plain or gzip.',
  },
  TL_OVERLOADED: {
    meaning: 'The journal is full, or too much is under way at once.',
    remedy:
      'A conforming exporter sends again by itself. When it lasts: see the journal, and whether the engine keeps up.',
  },
  TL_JOURNAL_FAILED: {
    meaning: 'The journal could not be written, so the spans are not acknowledged.',
    remedy: 'Look at the disk of the data directory: it may be full. It goes on by itself.',
  },
  TL_ENGINE_UNAVAILABLE: {
    meaning: 'The engine restarts; spans are acknowledged all the same.',
    remedy: 'Ask again.',
  },
  TL_UNAUTHORIZED: {
    meaning: 'The server asks senders for a token, and the request has none, or another.',
    remedy: 'Set OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer TOKEN" where the sender runs.',
  },
  TL_FORBIDDEN_HOST: {
    meaning:
      'The request calls the server by a name that is not its own, or comes from a web page.',
    remedy: 'Send to the address above, or start the server with --public-host NAME.',
  },
  TL_NOT_FOUND: {
    meaning: 'Nothing is received at this path.',
    remedy: 'OTLP over HTTP goes to /v1/traces: an endpoint is given without it.',
  },
  TL_BAD_REQUEST: {
    meaning: 'The request cannot be used.',
    remedy: 'The message names what is wrong with it.',
  },
  TL_INTERNAL: {
    meaning: 'A defect of the server.',
    remedy: 'Its log has more: report it.',
  },
};

/** What a code means; `undefined` for one that this page does not know. */
export function errorHelp(code: string): ErrorHelp | undefined {
  return Object.hasOwn(ERROR_HELP, code) ? ERROR_HELP[code as ErrorCode] : undefined;
}
