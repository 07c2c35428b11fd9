import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { TracerProvider } from '@opentelemetry/api';
import { type Instrumentation, LIBRARIES } from './libraries.ts';
import { hookModules } from './module-hook.ts';
import type { InstrumentationName } from './names.ts';

export interface InstrumentationsConfig {
  readonly names: readonly InstrumentationName[];
  /** Asked for by name: then one that is not installed is told. */
  readonly areNamed: boolean;
}

const require = createRequire(import.meta.url);

/** Libraries are patched once in a process, whatever starts and stops; and so are these made. */
const made = new Map<InstrumentationName, Instrumentation>();

/**
 * Traces libraries through OpenTelemetry's instrumentations. They have to be installed, and are
 * loaded only here; all of it happens in this call, so that a library which is imported afterwards
 * is traced. One that cannot be loaded is left out with a line in the log, unless it is not
 * installed and nobody named it.
 *
 * @returns stops tracing them
 */
export function startInstrumentations(
  config: InstrumentationsConfig,
  provider: TracerProvider,
  log: (message: string) => void,
): () => void {
  const started = config.names.flatMap((name) => {
    try {
      if (!config.areNamed && !isInstalled(name)) return [];
      const instrumentation = instrumentationOf(name, log);
      instrumentation.setTracerProvider(provider);
      instrumentation.enable();
      // A module of Node is patched when it is required next.
      for (const builtin of LIBRARIES[name].builtins ?? []) require(builtin);
      return [instrumentation];
    } catch (error) {
      log(`tracing: ${name} is not instrumented: ${firstLine(error)}`);
      return [];
    }
  });
  if (started.length > 0) syncBuiltinESMExports();
  return () => {
    for (const instrumentation of started) stop(instrumentation, log);
    if (started.length > 0) syncBuiltinESMExports();
  };
}

function stop(instrumentation: Instrumentation, log: (message: string) => void): void {
  try {
    instrumentation.disable();
  } catch (error) {
    log(`tracing: an instrumentation does not stop: ${firstLine(error)}`);
  }
}

function isInstalled(name: InstrumentationName): boolean {
  try {
    require.resolve(LIBRARIES[name].package);
    return true;
  } catch {
    return false;
  }
}

function instrumentationOf(
  name: InstrumentationName,
  log: (message: string) => void,
): Instrumentation {
  const known = made.get(name);
  if (known) return known;
  const library = LIBRARIES[name];
  // What is imported cannot be waited for; `require` answers at once.
  const { [library.className]: Class } = require(library.package);
  if (library.modules) hookModules(require.resolve(library.package), log);
  const instrumentation: Instrumentation = new Class(library.config);
  made.set(name, instrumentation);
  return instrumentation;
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}
