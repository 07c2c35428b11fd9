import { ATTR } from '@throughline/model/names';
import { FixedSampler } from './fixed-sampler.ts';
import { LifecycleSampler } from './lifecycle-sampler.ts';
import { ParentBasedSampler } from './parent-based-sampler.ts';
import type { Sampler } from './sampler.ts';
import { TraceIdRatioSampler } from './trace-id-ratio-sampler.ts';

/** Values of `OTEL_TRACES_SAMPLER`; `lifecycle` is our own. */
export const SAMPLER_NAMES = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
  'lifecycle',
] as const;
export type SamplerName = (typeof SAMPLER_NAMES)[number];

/** An order is named by its user and the id that the user gave it. */
const ORDER_KEY: readonly string[] = [ATTR.userId, ATTR.clientOrderId];

export interface SamplerConfig {
  readonly name: SamplerName;
  /** What the samplers `*traceidratio` and `lifecycle` keep, 0 to 1. */
  readonly ratio: number;
  /** Of each lifecycle the attributes that name one. Default: {@link ORDER_KEY} alone. */
  readonly lifecycleKeys?: readonly (readonly string[])[] | undefined;
}

export function createSampler({ name, ratio, lifecycleKeys }: SamplerConfig): Sampler {
  switch (name) {
    case 'always_on':
      return new FixedSampler(true);
    case 'always_off':
      return new FixedSampler(false);
    case 'traceidratio':
      return new TraceIdRatioSampler(ratio);
    case 'parentbased_always_on':
      return new ParentBasedSampler(new FixedSampler(true));
    case 'parentbased_always_off':
      return new ParentBasedSampler(new FixedSampler(false));
    case 'parentbased_traceidratio':
      return new ParentBasedSampler(new TraceIdRatioSampler(ratio));
    case 'lifecycle':
      // With nothing to leave out, the attributes need not be looked at.
      if (ratio === 1) return new ParentBasedSampler(new FixedSampler(true));
      return new LifecycleSampler(ratio, lifecycleKeys ?? [ORDER_KEY]);
  }
}
