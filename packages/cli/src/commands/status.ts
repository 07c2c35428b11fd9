import {
  findingsOf,
  isReady,
  type StatusResponse,
  statusResponseSchema,
  ThroughlineError,
} from '@throughline/model';
import { readConfigFile, readSettings } from '../config.ts';
import { helpText, STATUS_FLAGS } from '../flags.ts';
import { statusReport } from '../terminal/status-report.ts';
import { printable } from '../terminal/text.ts';
import { requestJson } from './request-json.ts';

const USAGE = 'throughline status: say how a running server is; exit code 0 when it is ready';

/**
 * Prints how a running server is.
 *
 * @throws ThroughlineError `TL_SERVER_UNREACHABLE`; `TL_SERVER_NOT_READY` after printing
 */
export async function status(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(helpText(USAGE, STATUS_FLAGS));
    return 0;
  }
  const settings = readSettings(STATUS_FLAGS, { argv, file: readConfigFile() });
  const server = { url: settings.url, token: settings['read-token'] ?? settings.token };
  const { origin, value, body } = await requestJson(server, 'status', statusResponseSchema);
  const text = settings.json ? JSON.stringify(body) : statusReport(value, origin);
  process.stdout.write(`${text}\n`);
  if (isReady(value)) return 0;
  throw notReady(value);
}

function notReady(status: StatusResponse): ThroughlineError {
  const [reason] = findingsOf(status);
  const why = reason?.label.toLowerCase() ?? status.engine.state;
  return new ThroughlineError('TL_SERVER_NOT_READY', `the server is not ready: ${why}`, {
    hint: printable(reason?.text ?? ''),
  });
}
