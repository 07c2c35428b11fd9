import { ATTR, type Attributes } from '@throughline/model';

/**
 * The two parts of an order's key. Both are free text of the traced system: any character may
 * occur.
 */
export interface OrderKey {
  readonly user: string;
  readonly order: string;
}

/** Splits `user/order` at the first slash; `undefined` when a part is missing. */
export function parseOrderKey(key: string): OrderKey | undefined {
  const slash = key.indexOf('/');
  if (slash <= 0 || slash === key.length - 1) return undefined;
  return { user: key.slice(0, slash), order: key.slice(slash + 1) };
}

/**
 * The key's parts, from the attributes that carry them one by one where they agree with the key:
 * the key alone does not say where a user id that contains a slash ends.
 */
export function orderKeyOf(row: { key: string; attributes: Attributes }): OrderKey | undefined {
  const user = row.attributes[ATTR.userId];
  const order = row.attributes[ATTR.clientOrderId];
  if (typeof user === 'string' && typeof order === 'string' && `${user}/${order}` === row.key) {
    return { user, order };
  }
  return parseOrderKey(row.key);
}
