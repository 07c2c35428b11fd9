import { type ReceiverSums, receiverSums, type StatusResponse } from '@throughline/model';
import { type Column, RecordTable } from '../../components/record-table.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { formatCount, formatMany } from '../../lib/format.ts';
import styles from './receiving.module.css';
import { Section } from './section.tsx';

function Refused({ count }: { count: number }) {
  return count === 0 ? '0' : <span className={styles.refused}>{formatCount(count)}</span>;
}

function columnsAt(now: bigint): readonly Column<ReceiverSums>[] {
  return [
    { label: 'Protocol', cell: ({ name }) => name },
    { label: 'Address', cell: ({ endpoint }) => <code>{endpoint}</code> },
    { label: 'Requests', kind: 'number', cell: ({ requests }) => formatCount(requests) },
    {
      label: 'Requests refused',
      kind: 'number',
      cell: ({ requestsRefused }) => <Refused count={requestsRefused} />,
    },
    {
      label: 'Spans accepted',
      kind: 'number',
      cell: ({ spansAccepted }) => formatCount(spansAccepted),
    },
    {
      label: 'Spans refused',
      kind: 'number',
      cell: ({ spansRefused }) => <Refused count={spansRefused} />,
    },
    {
      label: 'Last received',
      kind: 'number',
      cell: ({ lastReceivedAt }) =>
        lastReceivedAt === undefined ? 'never' : <TimeAgo time={lastReceivedAt} now={now} />,
    },
  ];
}

/** What each receiver took and refused since the start. */
export function Receiving({ status }: { status: StatusResponse }) {
  const { spansAccepted, requests } = status.ingest;
  return (
    <Section
      id="receiving"
      title="Receiving"
      note={`since the start: ${formatMany(spansAccepted, 'span')} accepted, ${formatMany(requests, 'request')}`}
    >
      <RecordTable
        label="Receivers"
        columns={columnsAt(status.at)}
        rows={receiverSums(status)}
        keyOf={({ protocol }) => protocol}
      />
    </Section>
  );
}
