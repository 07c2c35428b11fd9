import type { Layout } from '../../../packages/store/src/database.ts';
import { renderSchema } from '../../../packages/store/src/schema/render.ts';

/** A cluster of two shards, as a server's configuration describes it. Both are the server itself. */
export const CLUSTER = 'pair';
const SHARD = '<shard><replica><host>127.0.0.1</host><port>9000</port></replica></shard>';
export const CLUSTER_CONFIG =
  `<remote_servers><${CLUSTER}>${SHARD}${SHARD}</${CLUSTER}></remote_servers>` +
  '<tcp_port>9000</tcp_port>';

/**
 * The tables of a cluster, on a server that has no keeper: neither the statements for all nodes nor
 * replication, but the same names, views and distributed tables.
 */
export function withoutKeeper(layout: Layout): string[] {
  return renderSchema(layout).map((text) =>
    text
      .replace(/ ON CLUSTER `\w+`/, '')
      .replace(/Replicated(\w+)\('[^']*', '[^']*'\)/, '$1')
      .replace(
        /replicated_deduplication_window = \d+,\s+replicated_deduplication_window_seconds = \d+/,
        'non_replicated_deduplication_window = 10000',
      ),
  );
}
