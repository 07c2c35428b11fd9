import type { Server } from '@throughline/server';
import type { ServeSettings } from '../config.ts';
import { bold, dim } from './style.ts';

/** What these flags will start one day; said in one line so that nobody waits for it. */
const NOT_THERE =
  'Not in this version: OTLP/gRPC, Jaeger and Zipkin receivers, and deletion by --retention and --max-disk.';

/** Says, once everything listens, where what is; as one JSON line with `--json`. */
export function printBanner(server: Server, settings: ServeSettings): void {
  const { uiUrl, otlpHttpUrl } = server;
  const link =
    settings.token === undefined ? uiUrl : `${uiUrl}/?token=${encodeURIComponent(settings.token)}`;
  if (settings.json) {
    const dataDir = settings['data-dir'];
    process.stdout.write(
      `${JSON.stringify({ ready: true, ui: uiUrl, otlpHttp: otlpHttpUrl, dataDir })}\n`,
    );
    return;
  }
  const secret =
    settings.token === undefined
      ? []
      : [`export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer ${settings.token}"`];
  const lines = [
    '',
    `${bold('Throughline')} is ready.`,
    '',
    `  Web application   ${bold(link)}`,
    `  OTLP/HTTP         ${otlpHttpUrl}`,
    `  Data              ${settings['data-dir']}`,
    '',
    '  Point a service here:',
    `    export OTEL_EXPORTER_OTLP_ENDPOINT=${otlpHttpUrl}`,
    ...secret.map((line) => `    ${line}`),
    '',
    dim(`  ${NOT_THERE}`),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
