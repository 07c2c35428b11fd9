/** The libraries that can be instrumented, by the names that OpenTelemetry's variables use. */
export const INSTRUMENTATION_NAMES = ['http', 'undici', 'fastify', 'pg', 'redis'] as const;
export type InstrumentationName = (typeof INSTRUMENTATION_NAMES)[number];
