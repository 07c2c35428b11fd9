import type { Segment, SegmentKind, Stage } from '@throughline/model';
import { compareNs } from './nanoseconds.ts';

/** Work shades and service hues that the style sheet defines; more than that begin again. */
const WORK_SHADES = 5;
const SERVICE_HUES = 8;

/** What each kind of segment means, for legends. */
export const KIND_TEXT: Readonly<Record<SegmentKind, string>> = {
  work: 'work',
  queue: 'waiting in a queue',
  network: 'on the network',
  venue: 'waiting for the exchange',
  batch_peer: 'waiting for the last order of the batch',
  batch_linger: 'batch complete, not yet sent off',
  gap: 'cause not in the store',
};

/** The same in a word or two, where there is little room. */
export const KIND_SHORT: Readonly<Record<SegmentKind, string>> = {
  work: 'work',
  queue: 'queue',
  network: 'network',
  venue: 'exchange',
  batch_peer: 'waiting for others',
  batch_linger: 'lingering',
  gap: 'cause missing',
};

/** A stage's name where only its name is shown: waits say what kind of wait they are. */
export function stageName({ label, kind }: Pick<Stage, 'label' | 'kind'>): string {
  const short = KIND_SHORT[kind];
  return kind === 'work' || label === short ? label : `${label}, ${short}`;
}

/** Identifies a stage: its label and kind together. */
export function stageId(stage: Pick<Stage, 'label' | 'kind'>): string {
  return `${stage.kind}:${stage.label}`;
}

/** The `data-kind` and `data-shade` that the style sheet turns into a fill. */
export interface Fill {
  readonly 'data-kind': SegmentKind;
  readonly 'data-shade'?: number;
}

/**
 * Fills for stages: each kind of wait has a colour and hatching of its own; work is one colour
 * whose shades tell neighbouring stages apart.
 */
export function stageFills(
  stages: readonly Stage[],
): (stage: Pick<Segment, 'label' | 'kind'>) => Fill {
  const labels = stages.filter((stage) => stage.kind === 'work').map((stage) => stage.label);
  return ({ kind, label }) =>
    kind === 'work'
      ? { 'data-kind': kind, 'data-shade': Math.max(0, labels.indexOf(label)) % WORK_SHADES }
      : { 'data-kind': kind };
}

/** A hue number for each service, in order of first start, so that neighbours on screen differ. */
export function serviceHues(
  spans: readonly { readonly service: string; readonly startNs: bigint }[],
): (service: string) => number {
  const sorted = [...spans].sort((left, right) => compareNs(left.startNs, right.startNs));
  const services = [...new Set(sorted.map((span) => span.service))];
  return (service) => Math.max(0, services.indexOf(service)) % SERVICE_HUES;
}
