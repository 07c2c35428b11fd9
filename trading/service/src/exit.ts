import { ThroughlineError } from '@throughline/model';

/**
 * For the end of a `main.ts`: `main().catch(exitWithError)`. One line says what the operator can
 * change; anything else is a defect and shows its stack. The exit code is 1.
 */
export function exitWithError(error: unknown): never {
  const isExpected = error instanceof ThroughlineError && error.code !== 'TL_INTERNAL';
  const hint = isExpected && error.hint ? ` (${error.hint})` : '';
  console.error(isExpected ? `${error.code}: ${error.message}${hint}` : error);
  process.exit(1);
}
