import { ThroughlineError } from '@throughline/model';
import type { Layout } from '../database.ts';
import { statements } from '../sql.ts';

/** Files of this folder, in the order in which they need each other. */
const FILES = [
  'schema_versions',
  'functions',
  'received_spans',
  'origins',
  'spans',
  'trace_links',
  'correlation',
  'lifecycle_spans',
];

/** Tables that keep rows and that loads, copies and prunings write to. */
const STORED_TABLES = [
  'origins',
  'spans',
  'trace_links',
  'correlation',
  'lifecycle_spans',
] as const;
export type StoredTable = (typeof STORED_TABLES)[number];

/** The same on every node, whatever its shard. */
const VERSIONS_TABLE = 'schema_versions';

/**
 * As many blocks, and as old ones, are recognised when they come again. Larger than that of one server:
 * while one of several is away with an insert of which it does not know whether it succeeded, the
 * others go on.
 */
const DEDUPLICATION =
  'replicated_deduplication_window = 10000,\n' +
  '    replicated_deduplication_window_seconds = 604800';

/**
 * The statements that create what the store needs, where it is missing; each can be repeated.
 *
 * Over a cluster a table `x` becomes two: `x_local`, replicated among the nodes of a shard, and `x`, which
 * reads those of all shards. The door `received_spans` and its views are on every node: what is
 * inserted stays in the shard of the node that it came to.
 */
export function renderSchema(layout: Layout): string[] {
  const texts = FILES.flatMap((file) => statements('schema', `${file}.sql`));
  return texts.flatMap((text) => renderStatement(text, layout));
}

/**
 * A statement of the schema or of a migration, as it runs on one server, for this layout.
 *
 * @throws ThroughlineError `TL_INTERNAL` for a kind of statement that has no form on a cluster yet
 */
export function renderStatement(text: string, layout: Layout): string[] {
  const { cluster } = layout;
  if (cluster === undefined) return [text];
  const onCluster = `ON CLUSTER \`${cluster}\``;
  const kind = KINDS.find(({ pattern }) => pattern.test(text));
  if (!kind) {
    const [line = ''] = text.replaceAll(/^\s*--.*\n/gm, '').split('\n');
    throw new ThroughlineError('TL_INTERNAL', `no form on a cluster for: ${line}`);
  }
  return kind.render(text, kind.pattern, { ...layout, cluster, onCluster });
}

/** Where the rows of a stored table are, on the node that is asked: the name to write to. */
export function localTable(layout: Layout, table: StoredTable): string {
  return layout.cluster === undefined ? table : `${table}_local`;
}

interface ClusterLayout {
  readonly database: string;
  readonly cluster: string;
  readonly onCluster: string;
}

interface Kind {
  readonly pattern: RegExp;
  render(text: string, pattern: RegExp, layout: ClusterLayout): string[];
}

const KINDS: readonly Kind[] = [
  {
    pattern: /CREATE TABLE IF NOT EXISTS (\w+)(?=[\s\S]*ENGINE = (?:Replacing)?MergeTree)/,
    render: renderStored,
  },
  { pattern: /CREATE TABLE IF NOT EXISTS \w+(?=[\s\S]*ENGINE = Null)/, render: renderSame },
  { pattern: /CREATE OR REPLACE FUNCTION \w+/, render: renderSame },
  {
    pattern: /(CREATE MATERIALIZED VIEW IF NOT EXISTS \w+) TO (\w+)/,
    render: (text, pattern, { onCluster }) => [
      text.replace(pattern, (_, create: string, table: string) => {
        return `${create} ${onCluster} TO ${table}_local`;
      }),
    ],
  },
  { pattern: /DROP VIEW IF EXISTS \w+/, render: renderSame },
  {
    pattern: /DROP TABLE IF EXISTS (\w+)/,
    render: (text, pattern, layout) => {
      const table = pattern.exec(text)?.[1] ?? '';
      const names = isStored(table) ? [table, `${table}_local`] : [table];
      // At once, so that a table of the same name can be created at the same place.
      return names.map((name) => `DROP TABLE IF EXISTS ${name} ${layout.onCluster} SYNC`);
    },
  },
  {
    pattern: /ALTER TABLE (\w+)/,
    render: (text, pattern, { onCluster }) => [
      text.replace(pattern, (_, table: string) => {
        const name = isStored(table) ? `${table}_local` : table;
        return `ALTER TABLE ${name} ${onCluster}`;
      }),
    ],
  },
];

/** The same statement on every node. */
function renderSame(text: string, pattern: RegExp, { onCluster }: ClusterLayout): string[] {
  return [text.replace(pattern, (head) => `${head} ${onCluster}`)];
}

function renderStored(text: string, pattern: RegExp, layout: ClusterLayout): string[] {
  const table = pattern.exec(text)?.[1] ?? '';
  const { database, cluster, onCluster } = layout;
  const isEverywhere = table === VERSIONS_TABLE;
  const name = isEverywhere ? table : `${table}_local`;
  const shard = isEverywhere ? 'all' : '{shard}';
  const replica = isEverywhere ? '{shard}-{replica}' : '{replica}';
  const path = `/clickhouse/tables/${shard}/${database}/${table}`;
  const stored = text
    .replace(pattern, () => `CREATE TABLE IF NOT EXISTS ${name} ${onCluster}`)
    .replace(/ENGINE = (\w+)/, (_, engine: string) => {
      return `ENGINE = Replicated${engine}('${path}', '${replica}')`;
    })
    .replace(/non_replicated_deduplication_window = \d+/, DEDUPLICATION);
  if (isEverywhere) return [stored];
  // Without rows of its own, so it can be replaced when columns were added.
  const distributed =
    `CREATE OR REPLACE TABLE ${table} ${onCluster} AS ${name}\n` +
    `ENGINE = Distributed('${cluster}', '${database}', '${name}')`;
  return [stored, distributed];
}

function isStored(table: string): boolean {
  return STORED_TABLES.some((stored) => stored === table);
}
