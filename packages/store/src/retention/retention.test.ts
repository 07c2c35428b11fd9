import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouseError } from '@clickhouse/client';
import { type LifecycleDefinition, ThroughlineError } from '@throughline/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Buckets } from '../buckets.ts';
import type { Database } from '../database.ts';
import { Prunings } from './prunings.ts';
import { Retention } from './retention.ts';

/** Against a database that only says what it was told to do; with a real one: test/retention.test.ts. */

const NOW_S = 1_700_000_000;
const OLD_S = NOW_S - 1_000;

const ORDER: LifecycleDefinition = {
  name: 'order',
  keyAttributes: ['id'],
  beginSpans: ['begin'],
  endSpans: ['end'],
  statusAttribute: 'status',
  terminalStatuses: ['done'],
  stageLabels: {},
};

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'retention-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** One old bucket with 10 spans, 2 of them of one open order. */
class FakeDatabase implements Pick<Database, 'rows' | 'command'> {
  readonly dropped: string[] = [];
  readonly carried: string[] = [];
  failure: (() => Error) | undefined;

  async rows<Row>(query: string): Promise<Row[]> {
    const answers: [part: string, rows: object[]][] = [
      ['system.parts', this.dropped.length > 0 ? [] : [this.#partition('spans')]],
      ['begin_traces', [this.#crossing()]],
      ['count() AS spans', [{ spans: '2' }]],
    ];
    const [, rows] = answers.find(([part]) => query.includes(part)) ?? [];
    return (rows ?? []) as Row[];
  }

  async command(statement: string): Promise<void> {
    const [, dropped] = /ALTER TABLE (\w+) DROP/.exec(statement) ?? [];
    if (dropped) this.dropped.push(dropped);
    else if (this.failure) throw this.failure();
    else this.carried.push(/INSERT INTO (\w+)/.exec(statement)?.[1] ?? '');
  }

  #partition(table: string): object {
    return { table, bucket_s: OLD_S, rows: '10', bytes: '1000', written_s: OLD_S };
  }

  #crossing(): object {
    const bucket = { begin_bucket_s: OLD_S, first_bucket_s: OLD_S };
    return { key_parts: ['o1'], key_hash: '1', begin_traces: ['a'.repeat(32)], ...bucket };
  }
}

async function prune(database: FakeDatabase, diskBytesMax: number) {
  const warnings: string[] = [];
  const clock = () => NOW_S * 1_000;
  const retention = new Retention({
    database,
    layout: { database: 'default', cluster: undefined },
    definitions: [ORDER],
    exclusive: (work) => work(),
    buckets: new Buckets({ periodS: 60, clock }),
    limits: { ageMs: diskBytesMax < 1_000 ? 1e9 : 300_000, diskBytesMax },
    prunings: await Prunings.open(join(dir, 'prunings.json')),
    path: dir,
    clock,
    waiting: () => ({ bytes: 0, buckets: new Set() }),
    onWarning: (message) => warnings.push(message),
  });
  await retention.prune();
  return { warnings, ...retention.status() };
}

function notEnoughSpace(): Error {
  const cause = new ClickHouseError({ message: 'full', code: '243', type: 'NOT_ENOUGH_SPACE' });
  return new ThroughlineError('TL_QUERY_FAILED', 'full', { cause });
}

test('what is open is carried before the bucket is dropped', async () => {
  const database = new FakeDatabase();
  const { prunings } = await prune(database, 1e12);
  expect(database.carried).toContain('spans');
  expect(database.dropped).toEqual(['spans']);
  expect(prunings).toMatchObject([
    { reason: 'age', rows: 10, lifecyclesCarried: 1, spansCarried: 2 },
  ]);
});

test('when carrying fails nothing is dropped, and it is told', async () => {
  const database = new FakeDatabase();
  database.failure = notEnoughSpace;
  const { warnings, prunings } = await prune(database, 1e12);
  expect(database.dropped).toEqual([]);
  expect(prunings).toEqual([]);
  expect(warnings).toEqual([expect.stringContaining('tried again')]);
});

test('when it is for room and there is none to carry, all of the bucket goes, and it is counted', async () => {
  const database = new FakeDatabase();
  database.failure = notEnoughSpace;
  const { prunings, lifecyclesGivenUp } = await prune(database, 500);
  expect(database.dropped).toEqual(['spans']);
  expect(prunings).toMatchObject([{ reason: 'size', lifecyclesCarried: 0 }]);
  expect(lifecyclesGivenUp).toBe(1);
});

test('the list of prunings has a bound, and a damaged file of it is no reason not to start', async () => {
  const path = join(dir, 'prunings.json');
  const prunings = await Prunings.open(path);
  const none = { tables: [], from: 0n, until: 1n, rows: 0, bytes: 0, lifecyclesCarried: 0 };
  for (let at = 0n; at < 60n; at += 1n) {
    await prunings.add({ ...none, at, reason: 'age', spansCarried: 0, lifecyclesGivenUp: 1 });
  }
  const again = await Prunings.open(path);
  expect(again.latest).toHaveLength(50);
  expect(again.latest[0]?.at).toBe(59n);
  expect(again.lifecyclesGivenUp).toBe(60);
  expect((await Prunings.open(dir)).latest).toEqual([]);
});
