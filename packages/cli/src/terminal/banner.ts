import { RECEIVERS } from '@throughline/model';
import type { Server } from '@throughline/server';
import { type ServeSettings, tokensOf } from '../config.ts';
import { bold } from './style.ts';

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
  const receivers = RECEIVERS.flatMap(({ endpoint, name }) => {
    const url = endpoints[endpoint];
    return url === undefined ? [] : [`  ${name.padEnd(17)} ${url}`];
  });
  const lines = [
    '',
    `${bold('Throughline')} is ready.`,
    '',
    `  Web application   ${bold(link)}`,
    ...receivers,
    `  Data              ${settings['data-dir']}`,
    ...clickhouse(settings),
    '',
    '  Point a service here:',
    `    export OTEL_EXPORTER_OTLP_ENDPOINT=${otlpHttpUrl}`,
    ...secret.map((line) => `    ${line}`),
    '',
    ...warnings.map((warning) => `  ${bold('Note:')} ${warning}`),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Without what the URL may say of user and password. */
function clickhouse(settings: ServeSettings): string[] {
  const url = settings['clickhouse-url'];
  if (url === undefined) return [];
  return [
    `  ClickHouse        ${new URL(url).origin}, database ${settings['clickhouse-database']}`,
  ];
}

/** A person at a terminal gets the token to click and to paste; what goes to a file or a log does not. */
function shown(token: string): string {
  return process.stdout.isTTY ? token : 'TOKEN';
}
