import {
  type Allocation,
  addDecimals,
  formatDecimal,
  formatTime,
  isDecimal,
  parseDecimal,
  type Quantities,
  type SpanRef,
} from '@throughline/model';
import { formatClock } from '../../lib/format.ts';
import styles from './allocations.module.css';

/** The allocations' sum, exact; `undefined` when one of them is no decimal. */
export function allocatedSum(allocations: Quantities['allocations']): string | undefined {
  if (!allocations.every(({ quantity }) => isDecimal(quantity))) return undefined;
  return formatDecimal(
    allocations.reduce((sum, { quantity }) => addDecimals(sum, parseDecimal(quantity)), {
      units: 0n,
      scale: 0,
    }),
  );
}

/** Only a picture: it may be rounded, the numbers beside it are exact. */
function Share({ part, whole }: { part: string; whole: string }) {
  const percent = (Number(part) / Number(whole)) * 100;
  if (!Number.isFinite(percent)) return null;
  return (
    <span className={styles.share}>
      <span className={styles.track}>
        <span className={styles.part} style={{ width: `${Math.min(percent, 100)}%` }} />
      </span>
      {percent.toFixed(1)} %
    </span>
  );
}

interface RowProps {
  readonly allocation: Allocation;
  readonly current: boolean;
  readonly onSelect: (ref: SpanRef) => void;
}

function Row({ allocation, current, onSelect }: RowProps) {
  return (
    <tr data-current={current || undefined}>
      <td>
        <button
          type="button"
          className="link"
          title="Show the match that allocated it"
          onClick={() => onSelect(allocation.match)}
        >
          {allocation.fillId}
        </button>
      </td>
      <td title={formatTime(allocation.timeNs)}>{formatClock(allocation.timeNs)}</td>
      <td className="number">{allocation.price}</td>
      <td className="number">{allocation.fillQuantity}</td>
      <td className="number">{allocation.quantity}</td>
      <td>
        <Share part={allocation.quantity} whole={allocation.fillQuantity} />
      </td>
    </tr>
  );
}

interface AllocationsProps {
  readonly quantities: Quantities;
  readonly selected: SpanRef | undefined;
  readonly onSelect: (ref: SpanRef) => void;
}

/** What this order got of each fill, and whether all of it adds up. */
export function Allocations({ quantities, selected, onSelect }: AllocationsProps) {
  const { allocations, conserved, ordered, filled, leaves } = quantities;
  return (
    <section className="card" aria-label="Allocations">
      <header className="card-head">
        <h2>
          Allocations <small>{allocations.length}</small>
        </h2>
        <p className={styles.verdict} data-conserved={conserved}>
          {conserved ? '✓ conserved' : '✗ the quantities do not add up'}
        </p>
      </header>
      {allocations.length === 0 ? (
        <p className="empty">No fill has been allocated to this order.</p>
      ) : (
        <div className={styles.scroller}>
          <table className="data-table">
            <thead>
              <tr>
                <th>Fill</th>
                <th>Time (UTC)</th>
                <th className="number">Price</th>
                <th className="number">Fill</th>
                <th className="number">This order</th>
                <th>Its share</th>
              </tr>
            </thead>
            <tbody>
              {allocations.map((allocation) => (
                <Row
                  key={`${allocation.fillId}:${allocation.match}`}
                  allocation={allocation}
                  current={allocation.match === selected}
                  onSelect={onSelect}
                />
              ))}
            </tbody>
            <tfoot>
              <tr>
                <th scope="row" colSpan={4}>
                  Sum
                </th>
                <td className="number">{allocatedSum(allocations) ?? '–'}</td>
                <td />
              </tr>
            </tfoot>
          </table>
        </div>
      )}
      <p className={styles.sums}>
        ordered <b>{ordered}</b> = filled <b>{filled}</b> + leaves <b>{leaves}</b>
      </p>
    </section>
  );
}
