import { ATTR } from '@throughline/model/names';
import type { InstrumentationName } from './names.ts';

/** An OpenTelemetry instrumentation of a library, as far as we use it. */
export interface Instrumentation {
  setTracerProvider(provider: unknown): void;
  enable(): void;
  disable(): void;
}

interface InstrumentedLibrary {
  /** The package that instruments it: an optional peer of ours. */
  readonly package: string;
  readonly className: string;
  readonly config?: object;
  /** What ES modules import of it; `require` is hooked by the instrumentation itself. */
  readonly modules?: readonly string[];
  /** Modules of Node, which are there before anything can be hooked. */
  readonly builtins?: readonly string[];
}

/** The instrumentations that OpenTelemetry's and Fastify's own people maintain. */
export const LIBRARIES: Readonly<Record<InstrumentationName, InstrumentedLibrary>> = {
  http: {
    package: '@opentelemetry/instrumentation-http',
    className: 'HttpInstrumentation',
    builtins: ['http', 'https'],
  },
  // Undici and Fastify tell of their work by diagnostics channels, so no module need be hooked.
  undici: {
    package: '@opentelemetry/instrumentation-undici',
    className: 'UndiciInstrumentation',
    // Otherwise the server is read from the path as well, where `//host/` would name another.
    config: {
      startSpanHook: ({ origin }: { origin: unknown }) => ({
        [ATTR.serverAddress]: new URL(String(origin)).hostname,
      }),
    },
  },
  fastify: {
    package: '@fastify/otel',
    className: 'FastifyOtelInstrumentation',
    config: { registerOnInitialization: true },
  },
  pg: {
    package: '@opentelemetry/instrumentation-pg',
    className: 'PgInstrumentation',
    modules: ['pg', 'pg-pool'],
  },
  redis: {
    package: '@opentelemetry/instrumentation-redis',
    className: 'RedisInstrumentation',
    modules: ['redis', '@redis/client'],
  },
};
