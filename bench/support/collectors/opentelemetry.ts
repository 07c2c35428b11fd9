import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { folderBytes } from '../process-cost.ts';
import type { Collector } from './collector.ts';
import { freePort, startPeer } from './peer-process.ts';

/**
 * An OpenTelemetry Collector whose exporter has its queue on disk (`file_storage` with fsync), the way in
 * which it loses nothing; behind it a server that takes everything and keeps nothing. It is no store, so
 * it answers no queries. Any build with the OTLP receiver, the OTLP/HTTP exporter and the extension
 * file_storage will do, such as the contrib distribution, or a main package that calls `otelcol.NewCommand`
 * with the factories of these three, `otelconftelemetry` and the providers `file` and `env`, by `go build`.
 */
export async function startOpenTelemetryCollector(program: string): Promise<Collector> {
  const [http, grpc] = await Promise.all([freePort(), freePort()]);
  const sink = createServer((request, response) => {
    request.resume();
    request.once('end', () => response.end());
  });
  sink.listen(0, '127.0.0.1');
  await once(sink, 'listening');
  const { port: sinkPort } = sink.address() as AddressInfo;
  const address = (port: number | undefined) => `127.0.0.1:${port}`;
  const peer = await startPeer({
    program,
    readyUrl: `http://${address(http)}/`,
    config: (folder) => ({
      service: {
        extensions: ['file_storage'],
        pipelines: { traces: { receivers: ['otlp'], exporters: ['otlphttp'] } },
        telemetry: { metrics: { level: 'none' }, logs: { level: 'error' } },
      },
      extensions: {
        file_storage: { directory: `${folder}/queue`, create_directory: true, fsync: true },
      },
      receivers: {
        otlp: {
          protocols: {
            http: { endpoint: address(http), max_request_body_size: 67_108_864 },
            grpc: { endpoint: address(grpc), max_recv_msg_size_mib: 64 },
          },
        },
      },
      exporters: {
        otlphttp: {
          endpoint: `http://${address(sinkPort)}`,
          compression: 'none',
          sending_queue: { storage: 'file_storage', queue_size: 10_000 },
        },
      },
    }),
  });
  return {
    name: 'otel collector',
    otlpHttp: `http://${address(http)}`,
    otlpGrpc: `http://${address(grpc)}`,
    pids: { server: peer.pid },
    spansOfTrace: undefined,
    stored: async () => undefined,
    storedSpans: async () => undefined,
    async close() {
      await peer.stop();
      sink.closeAllConnections();
      sink.close();
      const bytes = folderBytes(`${peer.folder}/queue`);
      peer.removeFolder();
      return { bytes, tables: {} };
    },
  };
}
