import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useRef } from 'react';
import { type Destination, parseDestination } from '../lib/destination.ts';
import { useShortcuts } from '../lib/use-shortcuts.ts';
import styles from './paste-box.module.css';

/** Takes whatever id someone has in hand and goes there. */
export function PasteBox() {
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  useShortcuts({ p: () => input.current?.focus() });

  const go = (destination: Destination) => {
    if (destination.to === 'order') {
      const { user, order } = destination.key;
      return navigate({ to: '/orders/$user/$order', params: { user, order } });
    }
    if (destination.to === 'lifecycle') {
      const { name, key } = destination;
      return navigate({ to: '/lifecycles/$name/$key', params: { name, key } });
    }
    if (destination.to === 'server') return navigate({ to: '/server' });
    if (destination.to === 'search') return navigate({ to: '/', search: { q: destination.q } });
    const { traceId, spanId } = destination;
    const search = spanId === undefined ? {} : { span: spanId };
    return navigate({ to: '/traces/$traceId', params: { traceId }, search });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const destination = parseDestination(input.current?.value ?? '');
    if (!destination) return;
    void go(destination);
    if (input.current) input.current.value = '';
    input.current?.blur();
  };
  return (
    <search className={styles.box}>
      <form onSubmit={submit}>
        <input
          ref={input}
          type="text"
          name="destination"
          aria-label="Go to a trace id or an order"
          placeholder="Paste a trace id or user/order"
          autoComplete="off"
          spellCheck={false}
          onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
        />
        <kbd>p</kbd>
      </form>
    </search>
  );
}
