import type { Sampler } from './sampler.ts';

/** `always_on` or `always_off`: one decision for every span. */
export class FixedSampler implements Sampler {
  readonly description: string;
  readonly #decision: boolean;

  constructor(decision: boolean) {
    this.description = decision ? 'AlwaysOnSampler' : 'AlwaysOffSampler';
    this.#decision = decision;
  }

  shouldSample(): boolean {
    return this.#decision;
  }

  decideByParent(): boolean {
    return this.#decision;
  }
}
