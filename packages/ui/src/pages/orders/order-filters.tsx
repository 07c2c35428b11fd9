import { useEffect, useRef, useState } from 'react';
import { formatWords } from '../../lib/format.ts';
import type { LifecycleKind } from '../../lib/lifecycle-kinds.ts';
import type { OrdersSearch } from '../../lib/page-search.ts';
import { useShortcuts } from '../../lib/use-shortcuts.ts';
import styles from './order-filters.module.css';

const TYPING_MS = 200;

interface OrderFiltersProps {
  readonly kind: LifecycleKind;
  readonly search: OrdersSearch;
  /** Changes the address; what is `undefined` is taken out of it. */
  readonly change: (search: OrdersSearch) => void;
}

interface FilterBoxProps {
  readonly kind: LifecycleKind;
  readonly q: string;
  readonly onChange: (q: string) => void;
}

function FilterBox({ kind, q, onChange }: FilterBoxProps) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(q);
  const [addressed, setAddressed] = useState(q);
  /** What was typed and is on its way into the address, while typing goes on. */
  const [sent, setSent] = useState<readonly string[]>([]);
  if (q !== addressed) {
    setAddressed(q);
    const index = sent.indexOf(q);
    setSent(index < 0 ? [] : sent.slice(index + 1));
    if (index < 0) setText(q);
  }
  useShortcuts({ '/': () => input.current?.select() });
  useEffect(() => {
    if (text === q) return;
    const timer = setTimeout(() => {
      setSent((before) => [...before, text]);
      onChange(text);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, q, onChange]);
  return (
    <input
      ref={input}
      type="search"
      className={styles.box}
      aria-label={`Filter ${kind.title.toLowerCase()}`}
      placeholder={`Filter: ${kind.filterHint}  ( / )`}
      spellCheck={false}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
    />
  );
}

/** Filter, status and order of the list. All of it lives in the address. */
export function OrderFilters({ kind, search, change }: OrderFiltersProps) {
  const latest = useRef(change);
  useEffect(() => {
    latest.current = change;
  });
  const [changeText] = useState(() => (q: string) => latest.current({ q: q || undefined }));
  return (
    <div className={styles.filters}>
      <FilterBox kind={kind} q={search.q ?? ''} onChange={changeText} />
      <fieldset className={styles.chips}>
        <legend className="visually-hidden">Status</legend>
        {[undefined, ...kind.statuses].map((status) => (
          <button
            key={status ?? 'all'}
            type="button"
            className="chip"
            aria-pressed={search.status === status}
            onClick={() => change({ status })}
          >
            {status ? formatWords(status.toLowerCase()) : kind.listsEnded ? 'ended' : 'all'}
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
