import { formatBytes, formatTime, type Pruning, type StatusResponse } from '@throughline/model';
import { Fact, Facts } from '../../components/facts.tsx';
import { Meter } from '../../components/meter.tsx';
import { type Column, RecordTable } from '../../components/record-table.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { formatCount, formatMany } from '../../lib/format.ts';
import styles from './cards.module.css';
import { Section } from './section.tsx';

type Retention = StatusResponse['retention'];
type Table = Retention['tables'][number];

const WARN_SHARE = 0.9;

const REASONS: Readonly<Record<Pruning['reason'], string>> = {
  age: 'too old (--retention)',
  size: 'too much (--max-disk)',
  disk: 'the file system is nearly full',
};

function tableColumns(now: bigint): readonly Column<Table>[] {
  return [
    { label: 'Table', cell: ({ name }) => <code>{name}</code> },
    { label: 'Rows', kind: 'number', cell: ({ rows }) => formatCount(rows) },
    { label: 'On disk', kind: 'number', cell: ({ bytes }) => formatBytes(bytes) },
    {
      label: 'Oldest received',
      kind: 'number',
      cell: ({ oldestReceivedAt }) =>
        oldestReceivedAt === undefined ? '–' : <TimeAgo time={oldestReceivedAt} now={now} />,
    },
  ];
}

/** To the minute, in UTC. */
function minuteOf(time: bigint): string {
  return formatTime(time).slice(0, 16).replace('T', ' ');
}

function carriedText({ lifecyclesCarried, lifecyclesGivenUp }: Pruning): string {
  const carried = `${formatCount(lifecyclesCarried)} kept`;
  return lifecyclesGivenUp === 0 ? carried : `${carried}, ${formatCount(lifecyclesGivenUp)} cut`;
}

function pruningColumns(now: bigint): readonly Column<Pruning>[] {
  return [
    { label: 'When', cell: ({ at }) => <TimeAgo time={at} now={now} /> },
    { label: 'Why', cell: ({ reason }) => REASONS[reason] },
    {
      label: 'Received (UTC)',
      cell: ({ from, until }) => `${minuteOf(from)} to ${minuteOf(until)}`,
    },
    { label: 'Tables', kind: 'text', cell: ({ tables }) => tables.join(', ') },
    { label: 'Rows', kind: 'number', cell: ({ rows }) => formatCount(rows) },
    { label: 'Freed', kind: 'number', cell: ({ bytes }) => formatBytes(bytes) },
    { label: 'Orders that go on', kind: 'number', cell: carriedText },
  ];
}

function Tables({ retention, now }: { retention: Retention; now: bigint }) {
  if (retention.tables.length === 0) return <p className="empty">Nothing is stored yet.</p>;
  return (
    <RecordTable
      label="Tables"
      columns={tableColumns(now)}
      rows={retention.tables}
      keyOf={({ name }) => name}
    />
  );
}

function Prunings({ retention, now }: { retention: Retention; now: bigint }) {
  if (retention.prunings.length === 0) return <p className="empty">Nothing was pruned yet.</p>;
  return (
    <RecordTable
      label="Prunings"
      columns={pruningColumns(now)}
      rows={retention.prunings}
      keyOf={({ at, from, tables }) => `${at} ${from} ${tables.join()}`}
    />
  );
}

function Disk({ diskBytes, diskBytesMax }: Retention) {
  if (diskBytesMax === undefined) return null;
  return (
    <div className={styles.meter}>
      <Meter
        label="Disk"
        value={diskBytes}
        max={diskBytesMax}
        text={diskText(diskBytes, diskBytesMax)}
        warnFrom={WARN_SHARE}
      />
    </div>
  );
}

function diskText(bytes: number, bytesMax: number | undefined): string {
  const used = formatBytes(bytes);
  return bytesMax === undefined ? used : `${used} of ${formatBytes(bytesMax)}`;
}

/** What is stored, on how much disk, and what went to make room. */
export function StoreCard({ status }: { status: StatusResponse }) {
  const { store, retention, at } = status;
  const { diskBytes, diskBytesMax, lifecyclesGivenUp } = retention;
  const stored = retention.tables.find(({ name }) => name === 'spans')?.rows;
  return (
    <Section id="store" title="Store" note="disk and tables are measured once a minute">
      <Disk {...retention} />
      <Facts>
        <Fact label="Stored since the start">{formatMany(store.spansLoaded, 'span')}</Fact>
        {stored !== undefined && <Fact label="In the tables">{formatMany(stored, 'span')}</Fact>}
        <Fact label="Disk">{diskText(diskBytes, diskBytesMax)}</Fact>
        {lifecyclesGivenUp > 0 && (
          <Fact label="Open orders cut by pruning">{formatCount(lifecyclesGivenUp)}</Fact>
        )}
      </Facts>
      <h3 className={styles.subtitle}>Tables</h3>
      <Tables retention={retention} now={at} />
      <h3 className={styles.subtitle}>Prunings</h3>
      <Prunings retention={retention} now={at} />
    </Section>
  );
}
