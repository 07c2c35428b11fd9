// Prints [trace id, rows] of every trace in the data directory given, as JSON.
import { join } from 'node:path';
import { Session } from 'chdb';

const [dataDir = ''] = process.argv.slice(2);
const session = new Session(join(dataDir, 'clickhouse'));
const text = session.query(
  'SELECT trace_id AS id, count() AS n FROM spans GROUP BY id',
  'JSONCompactEachRow',
);
const rows = text
  .trim()
  .split('\n')
  .filter((line) => line !== '');
process.stdout.write(
  JSON.stringify(rows.map((line) => JSON.parse(line)).map(([id, n]) => [id, Number(n)])),
);
session.close();
