import { formatBytes, type StatusResponse } from '@throughline/model';
import { LongText } from '../../components/long-text.tsx';
import { type Column, RecordTable } from '../../components/record-table.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { formatCount, formatMany } from '../../lib/format.ts';
import { Section } from './section.tsx';

type File = StatusResponse['store']['quarantine'][number];

function columnsAt(now: bigint): readonly Column<File>[] {
  return [
    { label: 'When', cell: ({ at }) => <TimeAgo time={at} now={now} /> },
    { label: 'File', cell: ({ id }) => <code>{id}</code> },
    { label: 'Why', kind: 'text', cell: ({ reason }) => <LongText text={reason} /> },
    { label: 'Records', kind: 'number', cell: ({ records }) => formatCount(records) },
    { label: 'Size', kind: 'number', cell: ({ bytes }) => formatBytes(bytes) },
  ];
}

/** Records that were acknowledged and could not be stored: kept as files, with the reason. */
export function SetAside({ status }: { status: StatusResponse }) {
  const { quarantine, recordsQuarantined } = status.store;
  return (
    <Section
      id="set-aside"
      title="Set aside"
      note={
        recordsQuarantined > 0 && (
          <>
            {formatMany(recordsQuarantined, 'record')}; the last 20 files in{' '}
            <code>quarantine/</code> of the data directory
          </>
        )
      }
    >
      {quarantine.length === 0 ? (
        <p className="empty">
          Nothing was set aside: everything that was acknowledged can be read and stored.
        </p>
      ) : (
        <RecordTable
          label="Files set aside"
          columns={columnsAt(status.at)}
          rows={quarantine}
          keyOf={({ id }) => id}
        />
      )}
    </Section>
  );
}
