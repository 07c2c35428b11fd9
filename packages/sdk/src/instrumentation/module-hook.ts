import { createRequire } from 'node:module';
import { LIBRARIES } from './libraries.ts';

let isHooked = false;

/**
 * Lets instrumentations patch what ES modules import: where another loader is at work, as under
 * many compilers, hooking `require` is not enough. The hook is that of the copy of
 * import-in-the-middle which the instrumentation itself uses, and it looks at the instrumented
 * libraries alone. Once in a process; without it libraries are traced where `require` loads them.
 *
 * @param instrumentationPath a file of the instrumentation's package
 */
export function hookModules(instrumentationPath: string, log: (message: string) => void): void {
  if (isHooked) return;
  isHooked = true;
  const include = Object.values(LIBRARIES).flatMap(({ modules = [] }) => modules);
  try {
    const base = createRequire(instrumentationPath).resolve('@opentelemetry/instrumentation');
    createRequire(base)('import-in-the-middle/register-hooks.mjs').register({ include });
  } catch (error) {
    log(`tracing: what ES modules import may be left out: ${String(error)}`);
  }
}
