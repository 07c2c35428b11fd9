import { formatDuration, type Stage } from '@throughline/model';
import { formatNs, formatPercent } from '../lib/format.ts';
import { KIND_TEXT, stageFills, stageId } from '../lib/palette.ts';
import styles from './stage-bar.module.css';

/** One stage in words, with the exact time. */
export function stageText(stage: Stage, totalNs: bigint): string {
  const share = formatPercent(stage.ns, totalNs);
  const length = `${formatDuration(stage.ns)} (${formatNs(stage.ns)})`;
  return `${stage.label}, ${KIND_TEXT[stage.kind]}: ${length}, ${share}`;
}

interface StageBarProps {
  readonly stages: readonly Stage[];
  readonly totalNs: bigint;
  /** How much of the given width the whole bar takes; above 1 it is cut, and shown so. */
  readonly share: number;
}

/** Where an order's time went, as one bar whose parts are proportional to their time. */
export function StageBar({ stages, totalNs, share }: StageBarProps) {
  const fillOf = stageFills(stages);
  return (
    <div
      className={styles.bar}
      style={{ width: `${Math.min(Math.max(share, 0.004), 1) * 100}%` }}
      data-cut={share > 1 || undefined}
    >
      {stages
        .filter((stage) => stage.ns > 0n)
        .map((stage) => (
          <span
            key={stageId(stage)}
            className={styles.part}
            style={{ flexGrow: Number(stage.ns) }}
            title={stageText(stage, totalNs)}
            {...fillOf(stage)}
          />
        ))}
    </div>
  );
}
