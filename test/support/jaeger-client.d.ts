/** What the tests use of a client that brings no types of its own. */
declare module 'jaeger-client' {
  import type { Tracer } from 'opentracing';

  export function initTracer(
    config: {
      serviceName: string;
      sampler: { type: 'const'; param: number };
      reporter: { agentHost?: string; agentPort?: number; collectorEndpoint?: string };
    },
    options: { tags: Record<string, string | number>; traceId128bit?: boolean },
  ): Tracer & { close(whenSent: () => void): void };
}
