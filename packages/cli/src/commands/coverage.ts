import { coverageResponseSchema } from '@throughline/model';
import { readConfigFile, readSettings } from '../config.ts';
import { COVERAGE_FLAGS, helpText } from '../flags.ts';
import { coverageReport } from '../terminal/coverage-report.ts';
import { requestJson } from './request-json.ts';

const USAGE = 'throughline coverage: say where messages lose their trace context, hop by hop';

/**
 * Prints the propagation coverage of a range of time.
 *
 * @throws ThroughlineError `TL_SERVER_UNREACHABLE`; `TL_BAD_REQUEST` for a range that is none
 */
export async function coverage(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(helpText(USAGE, COVERAGE_FLAGS));
    return 0;
  }
  const settings = readSettings(COVERAGE_FLAGS, { argv, file: readConfigFile() });
  const { url, token, start, end } = settings;
  const range = new URLSearchParams({ ...(start && { start }), ...(end && { end }) });
  const server = { url, token: settings['read-token'] ?? token };
  const answer = await requestJson(server, `coverage?${range}`, coverageResponseSchema);
  const text = settings.json ? JSON.stringify(answer.body) : coverageReport(answer.value);
  process.stdout.write(`${text}\n`);
  return 0;
}
