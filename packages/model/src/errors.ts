/**
 * Every error code of Throughline, with the HTTP status under which an API answers it. One list: a test
 * keeps docs/reference/errors.md true to it.
 */
export const ERROR_STATUS = {
  /** The request's parameters or body are not usable. */
  TL_BAD_REQUEST: 400,
  TL_UNAUTHORIZED: 401,
  /** The Host or Origin header names a host that this server does not serve (DNS rebinding). */
  TL_FORBIDDEN_HOST: 403,
  TL_NOT_FOUND: 404,
  TL_TRACE_NOT_FOUND: 404,
  /** More spans than one answer may carry. */
  TL_TRACE_TOO_LARGE: 413,
  TL_LIFECYCLE_NOT_FOUND: 404,
  /** No lifecycle definition has this name. */
  TL_LIFECYCLE_UNKNOWN: 404,
  /** The short key fits several lifecycles. */
  TL_LIFECYCLE_AMBIGUOUS: 409,
  TL_OTLP_MALFORMED: 400,
  TL_OTLP_TOO_LARGE: 413,
  TL_OTLP_UNSUPPORTED_TYPE: 415,
  /** Not Thrift as Jaeger's clients send it, or a span that cannot be kept. */
  TL_JAEGER_MALFORMED: 400,
  /** Not Zipkin v2 JSON, or a span that cannot be kept. */
  TL_ZIPKIN_MALFORMED: 400,
  /** The journal is full, or too much is under way: come again later. */
  TL_OVERLOADED: 429,
  /** The engine child is restarting. */
  TL_ENGINE_UNAVAILABLE: 503,
  TL_QUERY_TIMEOUT: 504,
  /** More memory, or a larger answer, than a query may have. */
  TL_QUERY_TOO_LARGE: 413,
  TL_QUERY_FAILED: 500,
  TL_JOURNAL_FAILED: 503,
  TL_INTERNAL: 500,
  TL_CONFIG_INVALID: 500,
  TL_PORT_IN_USE: 500,
  TL_DATA_DIR_UNWRITABLE: 500,
  TL_DATA_DIR_LOCKED: 500,
  /** A restore needs an empty data directory. */
  TL_DATA_DIR_USED: 500,
  TL_RESTORE_UNFINISHED: 500,
  TL_BACKUP_RUNNING: 409,
  TL_BACKUP_FAILED: 500,
  /** Not a backup, or a damaged or incomplete one, or one of another version. */
  TL_BACKUP_INVALID: 500,
  TL_ENGINE_FAILED: 500,
  TL_CLUSTER_UNAVAILABLE: 500,
  /** The tables were made by a newer version. */
  TL_SCHEMA_NEWER: 500,
  /** The tables were made by a version before the first release. */
  TL_SCHEMA_UNKNOWN: 500,
  TL_SCHEMA_FAILED: 500,
  TL_UI_NOT_BUILT: 500,
  /** A command of ours finds no server of ours where it looks. */
  TL_SERVER_UNREACHABLE: 503,
  /** The server cannot take and return spans now. */
  TL_SERVER_NOT_READY: 503,
  /** A client order that the order gateway refuses. */
  TL_ORDER_INVALID: 400,
  TL_ORDER_DUPLICATE: 409,
  /** Our own limits refuse an order before it goes to an exchange. */
  TL_ORDER_REFUSED: 422,
  /** A message that its consumer cannot read: a poisoned one. */
  TL_MESSAGE_INVALID: 400,
  TL_ALLOCATION_INVALID: 500,
  TL_EXCHANGE_UNAVAILABLE: 503,
  /** The exchange answers, and says no. */
  TL_EXCHANGE_REFUSED: 502,
  /** A part of the demo did not come up, or an order could not be read back whole. */
  TL_DEMO_FAILED: 500,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** The one error type: a code from the list, a message that names the defect, a hint that says what to do. */
export class ThroughlineError extends Error {
  override readonly name = 'ThroughlineError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }

  /** The HTTP status that belongs to the code. */
  get status(): number {
    return ERROR_STATUS[this.code];
  }
}
