import { SpanKind, trace } from '@opentelemetry/api';
import { ATTR, OPTION_SPAN } from '@throughline/model';
import { traced } from '@throughline/sdk';
import type { OptionQuotes, QuoteRecord } from '../database/option-quotes.ts';
import { DeadLetters } from '../dead-letters.ts';
import { parseMessage, pricedQuote, TOPIC } from '../messages.ts';
import { settleAll } from '../settle.ts';
import type { ServiceParts } from '../transport/transport.ts';

const GROUP = 'options-storage';
/** Rows that one statement writes at most. */
const BATCH_MESSAGES_MAX = 500;

/**
 * The service `storage`: writes priced quotes, all of a batch in one statement. A message's
 * `db_write` lasts as long as that statement, which belongs to the batch as a whole; the message is
 * committed after it, so that a crash in between writes the same row again.
 */
export async function startStorage(parts: ServiceParts, quotes: OptionQuotes): Promise<void> {
  const { tracing, transport, faults, metrics } = parts;
  const deadLetters = new DeadLetters(parts, 'storage');
  const written = metrics.counter('storage_rows_written_total', 'Rows that are new in the table.');
  const repeated = metrics.counter('storage_rows_repeated_total', 'Rows that were there before.');

  const prepare = traced(OPTION_SPAN.prepareRecords, { tracing })(
    (text: string, traceId: string): QuoteRecord => ({
      ...parseMessage(pricedQuote, text),
      traceId,
    }),
  );
  const write = traced(OPTION_SPAN.dbWrite, {
    tracing,
    kind: SpanKind.CLIENT,
    attributes: {
      [ATTR.dbSystemName]: 'postgresql',
      [ATTR.dbCollectionName]: 'option_quotes',
      [ATTR.dbOperationName]: 'INSERT',
    },
  })((records: number, statement: Promise<void>) => {
    trace.getActiveSpan()?.setAttribute(ATTR.dbOperationBatchSize, records);
    return statement;
  });

  const store = async (records: readonly QuoteRecord[]): Promise<void> => {
    if (records.length === 0) return;
    const inserted = await quotes.upsert(records);
    written.inc(inserted);
    repeated.inc(records.length - inserted);
  };

  const subscription = {
    topic: TOPIC.priced,
    group: GROUP,
    processName: OPTION_SPAN.storeData,
    batchMessagesMax: BATCH_MESSAGES_MAX,
  };
  await transport.subscribe(subscription, async (messages, process) => {
    const prepared = messages.map(() => Promise.withResolvers<QuoteRecord | undefined>());
    const records = Promise.all(prepared.map(({ promise }) => promise)).then((all) =>
      all.filter((record) => record !== undefined),
    );
    // Started here, in the context of the batch: its statement is not one message's work.
    const statement = records.then(store);
    const works = messages.map((message, index) =>
      deadLetters.work(process, message, async ({ span }) => {
        let record: QuoteRecord | undefined;
        try {
          await faults.beforeProcessing();
          record = prepare(message.value, span.spanContext().traceId);
          span.setAttribute(ATTR.optionContract, record.contract);
        } finally {
          prepared[index]?.resolve(record);
        }
        await write((await records).length, statement);
      }),
    );
    await settleAll([statement, ...works]);
  });
}
