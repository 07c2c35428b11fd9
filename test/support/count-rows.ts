// Prints, of every trace in the data directory given, what each table has of it, as one line of JSON:
// [trace id, spans, links, ids, boundaries, rows that the spans do not imply].
import { join } from 'node:path';
import { Session } from 'chdb';

const [dataDir = ''] = process.argv.slice(2);
const session = new Session(join(dataDir, 'clickhouse'));

// What a row says beyond its trace follows from the trace's id (sender.ts), and is checked here.
const text = session.query(
  `WITH
      lower(hex(trace_id)) AS id,
      reverse(id) AS first,
      concat(substring(first, 17), substring(first, 1, 16)) AS second
  SELECT id, sum(spans), sum(links), sum(ids), sum(boundaries), sum(wrong)
  FROM
  (
      SELECT trace_id, count() AS spans, 0 AS links, 0 AS ids, 0 AS boundaries,
          toUInt64(count() != uniqExact(span_id)) AS wrong
      FROM spans GROUP BY trace_id
      UNION ALL
      SELECT trace_id, 0, count(), 0, 0,
          countIf(lower(hex(target_trace_id)) NOT IN (first, second))
      FROM trace_links GROUP BY trace_id
      UNION ALL
      SELECT trace_id, 0, 0, count(), 0,
          toUInt64(count() != uniqExact(key, begins_lifecycle)) + countIf(concat(key, '=', value) NOT IN
              (concat('client.order_id=', id), concat('batch.id=batch-', id)))
      FROM correlation GROUP BY trace_id
      UNION ALL
      SELECT trace_id, 0, 0, 0, count(),
          countIf(name NOT IN ('client_order_received', 'client_order_update')
              OR attributes['client.order_id'] != id)
      FROM lifecycle_spans GROUP BY trace_id
  )
  GROUP BY id`,
  'JSONCompactEachRow',
);
session.close();
const rows = text.split('\n').filter((line) => line !== '');
process.stdout.write(
  JSON.stringify(
    rows.map((line) => JSON.parse(line)).map(([id, ...counts]) => [id, ...counts.map(Number)]),
  ),
);
