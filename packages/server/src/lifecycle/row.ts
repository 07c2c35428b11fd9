import type { Lifecycle, LifecycleFlag, LifecycleRow } from '@throughline/model';
import { LIFECYCLE_DEFINITIONS } from './definitions.ts';
import { isTerminal } from './lifecycle.ts';

/** The lifecycle as one row of a list: everything but its graph, with what is remarkable as flags. */
export function lifecycleRow(lifecycle: Lifecycle): LifecycleRow {
  const { name, key, begin, end, durationNs, status, complete, attributes, stages } = lifecycle;
  const flags = flagsOf(lifecycle);
  return { name, key, begin, end, durationNs, status, complete, attributes, stages, flags };
}

function flagsOf({ name, status, spans, stages, truncated, quantities }: Lifecycle) {
  const flags: LifecycleFlag[] = [];
  const definition = LIFECYCLE_DEFINITIONS.find((candidate) => candidate.name === name);
  if (!definition || !isTerminal(definition, status)) flags.push('open');
  if (spans.some((span) => span.status.code === 'error')) flags.push('error');
  if (stages.some(({ kind }) => kind === 'gap')) flags.push('gap');
  if (truncated) flags.push('truncated');
  if (quantities && !quantities.conserved) flags.push('not_conserved');
  return flags;
}
