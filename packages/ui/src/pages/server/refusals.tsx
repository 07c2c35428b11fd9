import { protocolName, type StatusResponse } from '@throughline/model';
import { LongText } from '../../components/long-text.tsx';
import { type Column, RecordTable } from '../../components/record-table.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { errorHelp } from '../../lib/error-help.ts';
import { formatCount, formatMany } from '../../lib/format.ts';
import styles from './refusals.module.css';
import { Section } from './section.tsx';

type Refusal = StatusResponse['ingest']['refusals'][number];

/** Leads to what the code means, where the page knows it. */
function Code({ code }: { code: string }) {
  if (errorHelp(code) === undefined) return <code>{code}</code>;
  return (
    <a href={`#${code}`} title="What it means">
      <code>{code}</code>
    </a>
  );
}

function columnsAt(now: bigint): readonly Column<Refusal>[] {
  return [
    { label: 'Last', cell: ({ at }) => <TimeAgo time={at} now={now} /> },
    { label: 'Protocol', cell: ({ protocol }) => protocolName(protocol) },
    { label: 'Code', cell: ({ code }) => <Code code={code} /> },
    {
      label: 'Sender, and what to do',
      kind: 'text',
      cell: ({ sender, message }) => (
        <>
          <bdi className={styles.sender}>{sender}</bdi>
          <LongText text={message} />
        </>
      ),
    },
    { label: 'Times', kind: 'number', cell: ({ count }) => formatCount(count) },
    { label: 'Spans', kind: 'number', cell: ({ spans }) => formatCount(spans) },
  ];
}

/** Of the codes that occurred: how often, what they mean, and what to do. */
function Codes({ ingest }: { ingest: StatusResponse['ingest'] }) {
  const codes = new Set([
    ...Object.keys(ingest.rejected),
    ...ingest.refusals.map(({ code }) => code),
  ]);
  return (
    <dl className={styles.codes} aria-label="What the codes mean">
      {[...codes].map((code) => {
        const sum = ingest.rejected[code];
        const help = errorHelp(code);
        return (
          <div key={code} id={code} className={styles.code}>
            <dt>
              <code>{code}</code>
              <small>
                {sum
                  ? `${formatMany(sum.requests, 'request')}, ${formatMany(sum.spans, 'span')} since the start`
                  : 'told to the sender; nothing was refused'}
              </small>
            </dt>
            {help && (
              <dd>
                {help.meaning} {help.remedy}
              </dd>
            )}
          </div>
        );
      })}
    </dl>
  );
}

/** What was refused last, from whom and why. Senders and messages are text of strangers. */
export function Refusals({ status }: { status: StatusResponse }) {
  const { ingest, at } = status;
  const { refusals } = ingest;
  return (
    <Section
      id="refusals"
      title="Refusals"
      count={refusals.length}
      note={
        refusals.length > 0 &&
        'the last 50; equal ones of one sender are one. Spans are 0 where they could not be counted.'
      }
    >
      {refusals.length === 0 ? (
        <p className="empty">Nothing was refused since the server started.</p>
      ) : (
        <>
          <RecordTable
            label="Refusals"
            columns={columnsAt(at)}
            rows={refusals}
            keyOf={({ protocol, sender, code, message }) =>
              JSON.stringify([protocol, sender, code, message])
            }
          />
          <Codes ingest={ingest} />
        </>
      )}
    </Section>
  );
}
