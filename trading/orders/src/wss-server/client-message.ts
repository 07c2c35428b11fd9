import { ThroughlineError } from '@throughline/model';
import { OrderRefusal } from '../domain/reason.ts';
import type { ErrorMessage } from './messages.ts';

/**
 * @param text undefined for a binary message
 * @throws OrderRefusal when it is not JSON
 */
export function parseMessage(text: string | undefined): unknown {
  if (text === undefined) {
    throw new OrderRefusal('invalid', 'the message is binary: send JSON as text');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new OrderRefusal('invalid', 'the message is not JSON');
  }
}

const ID_CHARS_MAX = 64;

/** The answer to a message that failed. */
export function errorMessage(error: unknown, message: unknown): ErrorMessage {
  const known = error instanceof ThroughlineError ? error : undefined;
  const id = (message as { client_order_id?: unknown } | null | undefined)?.client_order_id;
  return {
    type: 'error',
    code: known?.code ?? 'TL_INTERNAL',
    message: known?.message ?? 'the order could not be taken',
    ...(typeof id === 'string' ? { client_order_id: id.slice(0, ID_CHARS_MAX) } : {}),
    ...(error instanceof OrderRefusal ? { reason_code: error.reason } : {}),
  };
}
