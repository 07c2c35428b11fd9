import { useEffect, useRef, useState } from 'react';
import { formatWords } from '../../lib/format.ts';
import { ORDER_STATUSES, type OrdersSearch } from '../../lib/page-search.ts';
import { useShortcuts } from '../../lib/use-shortcuts.ts';
import styles from './order-filters.module.css';

const TYPING_MS = 200;

interface OrderFiltersProps {
  readonly search: OrdersSearch;
  /** Changes the address; what is `undefined` is taken out of it. */
  readonly change: (search: OrdersSearch) => void;
}

function FilterBox({ q, onChange }: { q: string; onChange: (q: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(q);
  const [addressed, setAddressed] = useState(q);
  if (q !== addressed) {
    setAddressed(q);
    setText(q);
  }
  useShortcuts({ '/': () => input.current?.select() });
  useEffect(() => {
    if (text === q) return;
    const timer = setTimeout(() => onChange(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, q, onChange]);
  return (
    <input
      ref={input}
      type="search"
      className={styles.box}
      aria-label="Filter orders"
      placeholder="Filter: order, user, symbol, side  ( / )"
      spellCheck={false}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
    />
  );
}

/** Filter, status and order of the list. All of it lives in the address. */
export function OrderFilters({ search, change }: OrderFiltersProps) {
  const latest = useRef(change);
  useEffect(() => {
    latest.current = change;
  });
  const [changeText] = useState(() => (q: string) => latest.current({ q: q || undefined }));
  return (
    <div className={styles.filters}>
      <FilterBox q={search.q ?? ''} onChange={changeText} />
      <fieldset className={styles.chips}>
        <legend className="visually-hidden">Status</legend>
        {([undefined, ...ORDER_STATUSES] as const).map((status) => (
          <button
            key={status ?? 'all'}
            type="button"
            className="chip"
            aria-pressed={search.status === status}
            onClick={() => change({ status })}
          >
            {status ? formatWords(status) : 'all'}
          </button>
        ))}
      </fieldset>
      <fieldset className={styles.chips}>
        <legend className="visually-hidden">Sort</legend>
        <button
          type="button"
          className="chip"
          aria-pressed={search.sort === undefined}
          onClick={() => change({ sort: undefined })}
        >
          newest
        </button>
        <button
          type="button"
          className="chip"
          aria-pressed={search.sort === 'duration'}
          onClick={() => change({ sort: 'duration' })}
        >
          slowest
        </button>
      </fieldset>
    </div>
  );
}
