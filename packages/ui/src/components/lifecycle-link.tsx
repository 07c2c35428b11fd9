import { Link } from '@tanstack/react-router';
import type { Attributes } from '@throughline/model';
import { ORDER_KIND } from '../lib/lifecycle-kinds.ts';
import { OrderLink } from './order-link.tsx';

interface LifecycleLinkProps {
  readonly name: string;
  readonly lifecycleKey: string;
  readonly attributes?: Attributes;
}

/** A lifecycle's key as a link to its page. */
export function LifecycleLink({ name, lifecycleKey, attributes = {} }: LifecycleLinkProps) {
  if (name === ORDER_KIND.name) {
    return <OrderLink orderKey={lifecycleKey} attributes={attributes} />;
  }
  return (
    <Link to="/lifecycles/$name/$key" params={{ name, key: lifecycleKey }} title={lifecycleKey}>
      {lifecycleKey}
    </Link>
  );
}
