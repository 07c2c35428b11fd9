import { type Lifecycle, type SpanRef, spanRef } from '@throughline/model';
import { useState } from 'react';
import { OrderLink } from '../../components/order-link.tsx';
import { maxNs, minNs } from '../../lib/nanoseconds.ts';
import { ownArrival, type SiblingRow, siblingRows } from '../../lib/siblings.ts';
import { formatOffset } from '../../lib/time-scale.ts';
import styles from './siblings.module.css';

/** Past so many the list is folded: a batch may have hundreds of members. */
const SIBLINGS_SHOWN = 16;

interface SiblingsProps {
  readonly lifecycle: Lifecycle;
  readonly onSelect: (ref: SpanRef) => void;
}

/** Arrivals on one scale, from the first member's to the last's; this order's among them. */
function ArrivalMark({ arrivalNs, arrivals }: { arrivalNs: bigint; arrivals: readonly bigint[] }) {
  const first = minNs(arrivalNs, ...arrivals);
  const last = maxNs(arrivalNs, ...arrivals);
  const share = last === first ? 0 : Number(arrivalNs - first) / Number(last - first);
  return (
    <span className={styles.track} aria-hidden="true">
      <span className={styles.mark} style={{ left: `${share * 100}%` }} />
    </span>
  );
}

function Arrival({ row, arrivals }: { row: SiblingRow; arrivals: readonly bigint[] }) {
  if (row.arrivalNs === undefined) return <td colSpan={2} />;
  return (
    <>
      <td className="number">{formatOffset(row.arrivalNs)}</td>
      <td className={styles.when}>
        <ArrivalMark arrivalNs={row.arrivalNs} arrivals={arrivals} />
      </td>
    </>
  );
}

/** The orders that shared a batch or a match with this one, and when each joined. */
export function Siblings({ lifecycle, onSelect }: SiblingsProps) {
  const [all, setAll] = useState(false);
  const rows = siblingRows(lifecycle);
  const own = ownArrival(lifecycle);
  const names = new Map(lifecycle.spans.map((span) => [spanRef(span), span.name]));
  const arrivals = rows.flatMap((row) => row.arrivalNs ?? []).concat(own ?? []);
  return (
    <section className="card" aria-label="Siblings">
      <header className="card-head">
        <h2>
          Siblings <small>{rows.length}</small>
        </h2>
        {own !== undefined && (
          <p className={styles.own}>this order joined the batch at {formatOffset(own)}</p>
        )}
      </header>
      {rows.length === 0 ? (
        <p className="empty">This order shared nothing with others.</p>
      ) : (
        <table className="data-table">
          <thead>
            <tr>
              <th>Order</th>
              <th className="number">Joined</th>
              <th className={styles.when}>
                <span className="visually-hidden">When, drawn</span>
              </th>
              <th>Shares</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, all ? rows.length : SIBLINGS_SHOWN).map((row) => {
              const [via] = row.shared;
              return (
                <tr key={row.key}>
                  <td>
                    <OrderLink orderKey={row.key} />
                  </td>
                  <Arrival row={row} arrivals={arrivals} />
                  <td>
                    {via !== undefined && (
                      <button type="button" className="link" onClick={() => onSelect(via)}>
                        {names.get(via) ?? 'a shared span'}
                      </button>
                    )}
                    {row.shared.length > 1 && ` and ${row.shared.length - 1} more`}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {!all && rows.length > SIBLINGS_SHOWN && (
        <p>
          <button type="button" className="button small" onClick={() => setAll(true)}>
            Show all {rows.length}
          </button>
        </p>
      )}
    </section>
  );
}
