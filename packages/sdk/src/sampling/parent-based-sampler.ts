import { isSampled, type SampledFlag, type Sampler, type SamplingInput } from './sampler.ts';

/** `parentbased_*`: a parent decides for its children, and another sampler for new traces. */
export class ParentBasedSampler implements Sampler {
  readonly description: string;
  readonly #root: Sampler;

  constructor(root: Sampler) {
    this.description = `ParentBased{root=${root.description}}`;
    this.#root = root;
  }

  shouldSample(input: SamplingInput): boolean {
    return input.parent ? isSampled(input.parent) : this.#root.shouldSample(input);
  }

  decideByParent(parent: SampledFlag): boolean {
    return isSampled(parent);
  }
}
