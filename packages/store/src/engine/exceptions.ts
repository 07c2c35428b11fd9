/** ClickHouse's own error codes, as far as this code raises, answers or translates them. */
export const CODE = {
  UNKNOWN_SETTING: 115,
  BAD_ARGUMENTS: 36,
  CHECKSUM_DOESNT_MATCH: 40,
  NOT_IMPLEMENTED: 48,
  UNKNOWN_TABLE: 60,
  SYNTAX_ERROR: 62,
  UNKNOWN_TYPE_OF_QUERY: 78,
  INCORRECT_DATA: 117,
  TOO_MANY_ROWS: 158,
  TIMEOUT_EXCEEDED: 159,
  READONLY: 164,
  REQUIRED_PASSWORD: 194,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  QUERY_IS_TOO_LARGE: 229,
  ABORTED: 236,
  MEMORY_LIMIT_EXCEEDED: 241,
  NOT_ENOUGH_SPACE: 243,
  CORRUPTED_DATA: 246,
  CANNOT_DECOMPRESS: 271,
  TOO_MANY_BYTES: 307,
  INTO_OUTFILE_NOT_ALLOWED: 358,
  SESSION_NOT_FOUND: 372,
  QUERY_WAS_CANCELLED: 394,
  TOO_MANY_ROWS_OR_BYTES: 396,
  UNKNOWN_QUERY_PARAMETER: 456,
  UNKNOWN_ROLE: 511,
  AUTHENTICATION_FAILED: 516,
  UNSUPPORTED_MEDIA_TYPE: 779,
  STD_EXCEPTION: 1001,
} as const;

export type CodeName = keyof typeof CODE;

/** An error that the HTTP interface raises itself, in the form of the engine's own. */
export class ClickHouseException extends Error {
  constructor(name: CodeName, text: string, options?: ErrorOptions) {
    super(`Code: ${CODE[name]}. DB::Exception: ${text} (${name})`, options);
  }
}

/** What an error is answered with. */
export interface ExceptionAnswer {
  code: number;
  status: number;
  /** `Code: N. DB::Exception: ... (NAME)` and a line's end. */
  text: string;
}

export function exceptionAnswer(error: unknown): ExceptionAnswer {
  const message = unwrap(error instanceof Error ? error.message : String(error));
  const code = Number(/^Code: (\d+)\./.exec(message)?.[1] ?? CODE.STD_EXCEPTION);
  const text = /^Code: \d+\./.test(message)
    ? message
    : `Code: ${code}. DB::Exception: ${message} (STD_EXCEPTION)`;
  return { code, status: STATUS_BY_CODE.get(code) ?? 500, text: `${text.trimEnd()}\n` };
}

/** The engine's library wraps an exception of the engine into another with the same text. */
function unwrap(message: string): string {
  return message
    .replace(/^(?:Code: \d+\. DB::Exception: )+(?=Code: \d+\. DB::Exception: )/, '')
    .replace(/(\(([A-Z0-9_]+)\))(?: \(version [\d.]+\)\. \(\2\))+$/, '$1');
}

/** ClickHouse's table of statuses (`exceptionCodeToHTTPStatus`); 500 for the others. */
const CODES_BY_STATUS: Readonly<Record<number, readonly number[]>> = {
  400: [
    6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427,
    441, 675, 676,
  ],
  401: [194],
  403: [192, 193, 497, 512, 516],
  404: [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511],
  408: [159],
  411: [381],
  413: [229],
  415: [779],
  501: [48],
  503: [76, 209, 439],
};

const STATUS_BY_CODE: ReadonlyMap<number, number> = new Map(
  Object.entries(CODES_BY_STATUS).flatMap(([status, codes]) =>
    codes.map((code): [number, number] => [code, Number(status)]),
  ),
);
