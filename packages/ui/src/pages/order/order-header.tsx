import { Link } from '@tanstack/react-router';
import {
  ATTR,
  formatDuration,
  formatTime,
  type Lifecycle,
  lifecycleSchema,
} from '@throughline/model';
import { CopyButton } from '../../components/copy-button.tsx';
import { Fact, Facts } from '../../components/facts.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { attributeText, formatMany, formatNs, formatWords } from '../../lib/format.ts';
import { kindOf, ORDER_KIND } from '../../lib/lifecycle-kinds.ts';
import { compareNs } from '../../lib/nanoseconds.ts';
import styles from './order-header.module.css';

/** What the last span of the order itself says: how an order ends is not known where it begins. */
function finalText({ spans }: Lifecycle, key: string): string {
  const telling = spans.filter((span) => span.relevance === 'own' && key in span.attributes);
  const last = telling.sort((left, right) => compareNs(left.endNs, right.endNs)).at(-1);
  return last ? attributeText(last.attributes, key) : '';
}

function factsOf(lifecycle: Lifecycle): readonly (readonly [string, string])[] {
  const { attributes, quantities } = lifecycle;
  const ordered = quantities?.ordered ?? attributeText(attributes, ATTR.orderQuantity);
  const filled =
    quantities?.filled ??
    (attributeText(attributes, ATTR.orderCumQuantity) ||
      attributeText(attributes, ATTR.orderFilledQuantity));
  const side =
    attributeText(attributes, ATTR.orderSide) || attributeText(attributes, ATTR.signalDirection);
  return (
    [
      ['Strategy', attributeText(attributes, ATTR.strategyName)],
      ['Symbol', attributeText(attributes, ATTR.tradingSymbol)],
      ['Contract', attributeText(attributes, ATTR.optionContract)],
      ['Side', side.toLowerCase()],
      ['Type', attributeText(attributes, ATTR.orderType).toLowerCase()],
      ['Limit', attributeText(attributes, ATTR.orderPrice)],
      ['Quantity', ordered],
      ['Filled', filled],
      ['Average price', finalText(lifecycle, ATTR.orderAveragePrice)],
      ['Reason', finalText(lifecycle, ATTR.orderReason)],
    ] as const
  ).filter(([, value]) => value !== '');
}

function Warnings({ lifecycle }: { lifecycle: Lifecycle }) {
  const { warnings, truncated, complete, status } = lifecycle;
  if (warnings.length === 0 && complete && !truncated) return null;
  return (
    <ul className={styles.warnings} aria-label="Warnings">
      {!complete && warnings.length === 0 && (
        <li>
          <b>not complete</b>{' '}
          {status === 'open' ? 'No final status has arrived yet.' : 'More may follow.'}
        </li>
      )}
      {warnings.map((warning, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same warning may occur several times.
        <li key={index}>
          <b>{formatWords(warning.code)}</b> {warning.message}{' '}
          {warning.span !== undefined && (
            <Link to="." search={(before) => ({ ...before, span: warning.span })} replace>
              show
            </Link>
          )}
        </li>
      ))}
    </ul>
  );
}

/** What the lifecycle is one of, as the way back to the list of these. */
function KindLink({ name }: { name: string }) {
  const title = kindOf(name)?.title ?? formatWords(name);
  return (
    <Link to="/" search={name === ORDER_KIND.name ? {} : { name }} className={styles.kind}>
      {title}
    </Link>
  );
}

/** Which lifecycle this is, how it ended and how long it took. */
export function OrderHeader({ lifecycle }: { lifecycle: Lifecycle }) {
  const json = () => JSON.stringify(lifecycleSchema.encode(lifecycle), undefined, 2);
  const traces = new Set(lifecycle.spans.map((span) => span.traceId));
  const [traceId = ''] = traces;
  return (
    <header className={styles.header}>
      <div className={styles.first}>
        <KindLink name={lifecycle.name} />
        <h1 className={styles.key}>{lifecycle.key}</h1>
        <StatusBadge status={lifecycle.status} />
        <span className={styles.total} title={formatNs(lifecycle.durationNs)}>
          {formatDuration(lifecycle.durationNs)}
        </span>
        <span
          className={styles.complete}
          data-complete={lifecycle.complete}
          title={
            lifecycle.complete
              ? 'A final status was reached and no cause is missing'
              : 'No final status yet, or something is missing'
          }
        >
          {lifecycle.complete ? '✓ complete' : 'incomplete'}
        </span>
        <span className={styles.actions}>
          <CopyButton label="Copy link" text={() => location.href} />
          <CopyButton label="Copy JSON" text={json} />
        </span>
      </div>
      <Facts>
        {factsOf(lifecycle).map(([label, value]) => (
          <Fact key={label} label={label}>
            {value}
          </Fact>
        ))}
        <Fact label="Began" title={`to ${formatTime(lifecycle.end)}`}>
          {formatTime(lifecycle.begin)}
        </Fact>
        <Fact label="Made of">
          {formatMany(lifecycle.spans.length, 'span')} in{' '}
          {traces.size === 1 ? (
            <Link to="/traces/$traceId" params={{ traceId }}>
              1 trace
            </Link>
          ) : (
            formatMany(traces.size, 'trace')
          )}
        </Fact>
      </Facts>
      <Warnings lifecycle={lifecycle} />
    </header>
  );
}
