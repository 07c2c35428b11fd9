import type { SegmentKind, Stage } from '@throughline/model';
import { compareNs } from './nanoseconds.ts';

/**
 * The sum of the stages and whether it is the whole: nothing may be unexplained or counted twice.
 */
export function sumCheck(
  stages: readonly Stage[],
  totalNs: bigint,
): { readonly sumNs: bigint; readonly exact: boolean } {
  const sumNs = stages.reduce((sum, stage) => sum + stage.ns, 0n);
  return { sumNs, exact: sumNs === totalNs };
}

/** Time by kind, longest first. */
export function timeByKind(stages: readonly Stage[]): { kind: SegmentKind; ns: bigint }[] {
  const kinds = new Map<SegmentKind, bigint>();
  for (const { kind, ns } of stages) kinds.set(kind, (kinds.get(kind) ?? 0n) + ns);
  return [...kinds]
    .map(([kind, ns]) => ({ kind, ns }))
    .filter(({ ns }) => ns > 0n)
    .sort((left, right) => compareNs(right.ns, left.ns));
}
