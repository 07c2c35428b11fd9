import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { formatTime, type StatusResponse } from '@throughline/model';
import { Fragment } from 'react';
import { statusQuery } from '../../api/queries.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { formatCount, formatMany } from '../../lib/format.ts';
import type { LifecycleKind } from '../../lib/lifecycle-kinds.ts';
import styles from './empty-orders.module.css';

/** The lines that make an OpenTelemetry SDK send here, in the form that shells understand. */
export function environmentLines(endpoints: StatusResponse['endpoints']): string {
  return [
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${endpoints.otlpHttp}`,
    'export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
    'export OTEL_SERVICE_NAME=my-service',
  ].join('\n');
}

function HowToSend({ kind, status }: { kind: LifecycleKind; status: StatusResponse }) {
  const lines = environmentLines(status.endpoints);
  return (
    <>
      <p>Start a service with these in its environment, and its first {kind.noun} appears here:</p>
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

/** Where the key is the trace, one is listed when it has ended. */
function WhatBegins({ kind }: { kind: LifecycleKind }) {
  const names = (all: readonly string[], word: string) =>
    all.map((name, index) => (
      <Fragment key={name}>
        {index > 0 && ` ${word} `}
        <code>{name}</code>
      </Fragment>
    ));
  return (
    <>
      One begins with a span {names(kind.beginSpans, 'or')}
      {kind.keyAttributes.length > 0 && <> with {names(kind.keyAttributes, 'and')}</>}
      {kind.listsEnded && (
        <>
          , and is listed once a span <code>{kind.endSpan}</code> of the same trace has ended it
        </>
      )}
      .
    </>
  );
}

function HowToStart({ kind, endpoint }: { kind: LifecycleKind; endpoint: string }) {
  const line = `node trading/floor.ts --systems ${kind.system} --otlp ${endpoint}`;
  return (
    <>
      <p>
        <code>npm start</code> runs all reference systems; this runs the one that has such
        lifecycles:
      </p>
      <div className={styles.snippet}>
        <pre>{line}</pre>
        <CopyButton label="Copy" text={() => line} />
      </div>
    </>
  );
}

function Diagnosis({ kind, status }: { kind: LifecycleKind; status: StatusResponse }) {
  const { requests, spansAccepted, rejected, lastReceivedAt } = status.ingest;
  const refused = Object.values(rejected).reduce((sum, reason) => sum + reason.requests, 0);
  if (requests === 0 && refused === 0) {
    return (
      <Notice title="Nothing has arrived yet">
        <p>
          The server has received <b>0 requests</b> since {formatTime(status.startedAt)}.
        </p>
        <HowToSend kind={kind} status={status} />
        <HowToStart kind={kind} endpoint={status.endpoints.otlpHttp} />
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
        <HowToSend kind={kind} status={status} />
      </Notice>
    );
  }
  return (
    <Notice
      title={`Spans have arrived, but no ${kind.noun} ${kind.listsEnded ? 'has ended' : 'begins'} in them`}
    >
      <p>
        <b>{formatCount(spansAccepted)}</b> spans were accepted, the last at{' '}
        {lastReceivedAt === undefined ? 'an unknown time' : formatTime(lastReceivedAt)}.{' '}
        <WhatBegins kind={kind} />
      </p>
      <HowToStart kind={kind} endpoint={status.endpoints.otlpHttp} />
      {refused > 0 && (
        <>
          <p>Refused:</p>
          <Rejections rejected={rejected} />
        </>
      )}
    </Notice>
  );
}

interface EmptyOrdersProps {
  readonly kind: LifecycleKind;
  readonly filtered: boolean;
  readonly clear: () => void;
}

/** Says why there is nothing to see, and what to do about it. */
export function EmptyOrders({ kind, filtered, clear }: EmptyOrdersProps) {
  const { data: status } = useQuery(statusQuery());
  if (filtered) {
    return (
      <Notice title={`No ${kind.noun} matches`}>
        <p>Every word of the filter must occur in the key, symbol, side or status.</p>
        <p>
          <button type="button" className="button" onClick={clear}>
            Clear filter
          </button>
        </p>
      </Notice>
    );
  }
  return status ? <Diagnosis kind={kind} status={status} /> : null;
}
