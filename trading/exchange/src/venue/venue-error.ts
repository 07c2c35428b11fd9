import { ThroughlineError } from '@throughline/model';

/**
 * Binance's error codes and messages, as far as the simulator answers with them; `{}` stands for a
 * detail. `status` is the HTTP status, and the `status` of a WebSocket API response.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/errors
 */
export const VENUE_ERROR = {
  unknown: { code: -1000, status: 500, message: 'An unknown error occurred.' },
  unauthorized: { code: -1002, status: 401, message: 'You are not authorized to execute this.' },
  filterFailure: { code: -1013, status: 400, message: 'Filter failure: {}' },
  unsupportedOperation: { code: -1020, status: 400, message: 'This operation is not supported.' },
  invalidTimestamp: {
    code: -1021,
    status: 400,
    message: 'Timestamp for this request is outside of the recvWindow.',
  },
  invalidSignature: {
    code: -1022,
    status: 400,
    message: 'Signature for this request is not valid.',
  },
  illegalCharacters: {
    code: -1100,
    status: 400,
    message: "Illegal characters found in parameter '{}'.",
  },
  duplicateParameter: {
    code: -1101,
    status: 400,
    message: 'Duplicate values for a parameter detected.',
  },
  parameterMissing: {
    code: -1102,
    status: 400,
    message: "Mandatory parameter '{}' was not sent, was empty/null, or malformed.",
  },
  parameterNotRequired: {
    code: -1106,
    status: 400,
    message: "Parameter '{}' sent when not required.",
  },
  tooMuchPrecision: {
    code: -1111,
    status: 400,
    message: "Parameter '{}' has too much precision.",
  },
  invalidTimeInForce: { code: -1115, status: 400, message: 'Invalid timeInForce.' },
  invalidOrderType: { code: -1116, status: 400, message: 'Invalid orderType.' },
  invalidSide: { code: -1117, status: 400, message: 'Invalid side.' },
  invalidSymbol: { code: -1121, status: 400, message: 'Invalid symbol.' },
  invalidParameter: {
    code: -1130,
    status: 400,
    message: "Data sent for parameter '{}' is not valid.",
  },
  invalidJson: { code: -1135, status: 400, message: 'Invalid JSON Request' },
  newOrderRejected: { code: -2010, status: 400, message: 'NEW_ORDER_REJECTED' },
  insufficientBalance: {
    code: -2010,
    status: 400,
    message: 'Account has insufficient balance for requested action.',
  },
  duplicateOrder: { code: -2010, status: 400, message: 'Duplicate order sent.' },
  cancelRejected: { code: -2011, status: 400, message: 'Unknown order sent.' },
  noSuchOrder: { code: -2013, status: 400, message: 'Order does not exist.' },
  rejectedApiKey: {
    code: -2015,
    status: 401,
    message: 'Invalid API-key, IP, or permissions for action.',
  },
} as const;

export type VenueErrorName = keyof typeof VENUE_ERROR;

/** A request that the venue refuses, with the code and message a Binance client expects. */
export class VenueError extends ThroughlineError {
  readonly venueCode: number;
  readonly httpStatus: number;

  /** @param detail replaces `{}` in the message: a parameter's or filter's name */
  constructor(name: VenueErrorName, detail = '') {
    const { code, status, message } = VENUE_ERROR[name];
    super('TL_BAD_REQUEST', message.replace('{}', detail));
    this.venueCode = code;
    this.httpStatus = status;
  }

  /** The body of a REST error, and the `error` of a WebSocket API response. */
  toJSON(): { code: number; msg: string } {
    return { code: this.venueCode, msg: this.message };
  }
}
