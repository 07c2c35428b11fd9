import type { Server } from '@throughline/server';
import { type ServeSettings, tokensOf } from '../config.ts';
import { bold, dim } from './style.ts';

const RECEIVERS = {
  otlpHttp: 'OTLP/HTTP',
  otlpGrpc: 'OTLP/gRPC',
  jaegerHttp: 'Jaeger/HTTP',
  jaegerCompact: 'Jaeger compact',
  jaegerBinary: 'Jaeger binary',
  zipkin: 'Zipkin',
} as const;

/** What these flags will start one day; said in one line so that nobody waits for it. */
const NOT_THERE = 'Not in this version: deletion by --retention and --max-disk.';

/** Says, once everything listens, where what is; as one JSON line with `--json`. */
export function printBanner(server: Server, settings: ServeSettings): void {
  const { uiUrl, otlpHttpUrl, endpoints, warnings } = server;
  const tokens = tokensOf(settings);
  const link =
    tokens.read === undefined ? uiUrl : `${uiUrl}/?token=${encodeURIComponent(shown(tokens.read))}`;
  if (settings.json) {
    const dataDir = settings['data-dir'];
    process.stdout.write(`${JSON.stringify({ ready: true, ...endpoints, dataDir, warnings })}\n`);
    return;
  }
  const secret =
    tokens.ingest === undefined
      ? []
      : [`export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer ${shown(tokens.ingest)}"`];
  const receivers = Object.entries(RECEIVERS).flatMap(([name, label]) => {
    const url = endpoints[name as keyof typeof RECEIVERS];
    return url === undefined ? [] : [`  ${label.padEnd(17)} ${url}`];
  });
  const lines = [
    '',
    `${bold('Throughline')} is ready.`,
    '',
    `  Web application   ${bold(link)}`,
    ...receivers,
    `  Data              ${settings['data-dir']}`,
    '',
    '  Point a service here:',
    `    export OTEL_EXPORTER_OTLP_ENDPOINT=${otlpHttpUrl}`,
    ...secret.map((line) => `    ${line}`),
    '',
    ...warnings.map((warning) => `  ${bold('Note:')} ${warning}`),
    dim(`  ${NOT_THERE}`),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** A person at a terminal gets the token to click and to paste; what goes to a file or a log does not. */
function shown(token: string): string {
  return process.stdout.isTTY ? token : 'TOKEN';
}
