import { setTimeout as delay } from 'node:timers/promises';
import { folderBytes } from '../process-cost.ts';
import type { Collector } from './collector.ts';
import { freePort, startPeer } from './peer-process.ts';

/** How long Jaeger may go on writing after its last answer; it answers when it has written. */
const SETTLE_MS = 500;

/**
 * Jaeger 2 with Badger, its own store on disk, without a queue or batches before it: a request is answered
 * when it is stored. Build it from its module, whose version 1.76.0 holds version 2.13:
 *
 *     go mod download -json github.com/jaegertracing/jaeger@v1.76.0   (says where it is)
 *     go build -o jaeger ./cmd/jaeger   (in a copy of that folder)
 *
 * @param durability `fsync` as ours: what is answered is on disk. `os` is Jaeger's default.
 */
export async function startJaeger(program: string, durability: 'fsync' | 'os'): Promise<Collector> {
  const [http, grpc, query, queryGrpc, health] = await Promise.all(
    Array.from({ length: 5 }, () => freePort()),
  );
  const address = (port: number | undefined) => `127.0.0.1:${port}`;
  const peer = await startPeer({
    program,
    readyUrl: `http://${address(query)}/`,
    config: (folder) => ({
      service: {
        extensions: ['jaeger_storage', 'jaeger_query', 'healthcheckv2'],
        pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
        telemetry: { metrics: { level: 'none' }, logs: { level: 'error' } },
      },
      extensions: {
        healthcheckv2: { use_v2: true, http: { endpoint: address(health) } },
        jaeger_storage: {
          backends: {
            badger: {
              badger: {
                directories: { keys: `${folder}/keys`, values: `${folder}/values` },
                ephemeral: false,
                consistency: durability === 'fsync',
                ttl: { spans: '168h' },
              },
            },
          },
        },
        jaeger_query: {
          storage: { traces: 'badger' },
          http: { endpoint: address(query) },
          grpc: { endpoint: address(queryGrpc) },
        },
      },
      receivers: {
        otlp: {
          protocols: {
            http: { endpoint: address(http), max_request_body_size: 67_108_864 },
            grpc: { endpoint: address(grpc), max_recv_msg_size_mib: 64 },
          },
        },
      },
      exporters: { jaeger_storage_exporter: { trace_storage: 'badger' } },
    }),
  });
  return {
    name: `jaeger (${durability})`,
    otlpHttp: `http://${address(http)}`,
    otlpGrpc: `http://${address(grpc)}`,
    pids: { server: peer.pid },
    async spansOfTrace(traceId) {
      const response = await fetch(`http://${address(query)}/api/traces/${traceId}`);
      const body = (await response.json()) as { data: { spans: unknown[] }[] | null };
      return body.data?.[0]?.spans.length ?? 0;
    },
    stored: () => delay(SETTLE_MS),
    storedSpans: async () => undefined,
    async close() {
      await peer.stop();
      const bytes = folderBytes(peer.folder);
      peer.removeFolder();
      return { bytes, tables: {} };
    },
  };
}
