import { Link } from '@tanstack/react-router';
import type { Attributes } from '@throughline/model';
import { orderKeyOf } from '../lib/order-key.ts';

/** An order's key, as a link to its page where it has the two parts that an address needs. */
export function OrderLink({
  orderKey,
  attributes = {},
}: {
  orderKey: string;
  attributes?: Attributes;
}) {
  const parts = orderKeyOf({ key: orderKey, attributes });
  if (!parts) return orderKey;
  return (
    <Link to="/orders/$user/$order" params={{ user: parts.user, order: parts.order }}>
      {orderKey}
    </Link>
  );
}
