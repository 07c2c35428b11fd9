import type { SpanContext } from '@opentelemetry/api';
import { samplingThreshold, traceRandomness } from './randomness.ts';
import type { Sampler, SamplingInput } from './sampler.ts';

/** `traceidratio`: every service decides alike for all spans of a trace, by the trace's id. */
export class TraceIdRatioSampler implements Sampler {
  readonly description: string;
  readonly #threshold: number;

  /** @param ratio the share of traces that is sampled, 0 to 1 */
  constructor(ratio: number) {
    this.description = `TraceIdRatioBased{${ratio}}`;
    this.#threshold = samplingThreshold(ratio);
  }

  shouldSample({ traceId }: SamplingInput): boolean {
    return traceRandomness(traceId) >= this.#threshold;
  }

  decideByParent({ traceId }: SpanContext): boolean {
    return traceRandomness(traceId) >= this.#threshold;
  }
}
