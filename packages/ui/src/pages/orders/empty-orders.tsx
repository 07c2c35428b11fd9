import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { formatTime, type StatusResponse } from '@throughline/model';
import { statusQuery } from '../../api/queries.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { formatCount, formatMany } from '../../lib/format.ts';
import styles from './empty-orders.module.css';

/** The lines that make an OpenTelemetry SDK send here, in the form that shells understand. */
export function environmentLines(endpoints: StatusResponse['endpoints']): string {
  return [
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${endpoints.otlpHttp}`,
    'export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
    'export OTEL_SERVICE_NAME=my-service',
  ].join('\n');
}

function HowToSend({ status }: { status: StatusResponse }) {
  const lines = environmentLines(status.endpoints);
  return (
    <>
      <p>Start a service with these in its environment, and its first order appears here:</p>
      <div className={styles.snippet}>
        <pre>{lines}</pre>
        <CopyButton label="Copy" text={() => lines} />
      </div>
    </>
  );
}

function Rejections({ rejected }: { rejected: StatusResponse['ingest']['rejected'] }) {
  return (
    <>
      <ul>
        {Object.entries(rejected).map(([reason, { requests, spans }]) => (
          <li key={reason}>
            <code>{reason}</code>: {formatMany(requests, 'request')}
            {spans > 0 && `, ${formatMany(spans, 'span')}`}
          </li>
        ))}
      </ul>
      <p>
        <Link to="/server" hash="refusals">
          Who sent them, and what to do
        </Link>
      </p>
    </>
  );
}

function Diagnosis({ status }: { status: StatusResponse }) {
  const { requests, spansAccepted, rejected, lastReceivedAt } = status.ingest;
  const refused = Object.values(rejected).reduce((sum, reason) => sum + reason.requests, 0);
  if (requests === 0 && refused === 0) {
    return (
      <Notice title="Nothing has arrived yet">
        <p>
          The server has received <b>0 requests</b> since {formatTime(status.startedAt)}.
        </p>
        <HowToSend status={status} />
      </Notice>
    );
  }
  if (spansAccepted === 0) {
    return (
      <Notice title="Everything that arrived was refused">
        <p>
          Received <b>{formatCount(requests)}</b> requests, refused <b>{formatCount(refused)}</b>:
        </p>
        <Rejections rejected={rejected} />
        <HowToSend status={status} />
      </Notice>
    );
  }
  return (
    <Notice title="Spans have arrived, but no order begins in them">
      <p>
        <b>{formatCount(spansAccepted)}</b> spans were accepted, the last at{' '}
        {lastReceivedAt === undefined ? 'an unknown time' : formatTime(lastReceivedAt)}. An order
        begins with a span <code>client_order_received</code> with <code>user.id</code> and{' '}
        <code>client.order_id</code>.
      </p>
      {refused > 0 && (
        <>
          <p>Refused:</p>
          <Rejections rejected={rejected} />
        </>
      )}
    </Notice>
  );
}

/** Says why there is nothing to see, and what to do about it. */
export function EmptyOrders({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  const { data: status } = useQuery(statusQuery());
  if (filtered) {
    return (
      <Notice title="No order matches">
        <p>Every word of the filter must occur in an order’s key, symbol, side or status.</p>
        <p>
          <button type="button" className="button" onClick={clear}>
            Clear filter
          </button>
        </p>
      </Notice>
    );
  }
  return status ? <Diagnosis status={status} /> : null;
}
