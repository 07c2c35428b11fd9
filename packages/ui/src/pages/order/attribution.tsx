import { formatDuration, type Lifecycle, type Stage } from '@throughline/model';
import { stageText } from '../../components/stage-bar.tsx';
import { sumCheck, timeByKind } from '../../lib/attribution.ts';
import { formatNs, formatPercent } from '../../lib/format.ts';
import { type Fill, KIND_TEXT, stageFills, stageId, stageName } from '../../lib/palette.ts';
import styles from './attribution.module.css';

/** Narrower parts carry no text: it would be cut off. */
const LABEL_SHARE_MIN = 0.07;

interface AttributionProps {
  readonly lifecycle: Lifecycle;
  /** The stage that is pointed at, here or in the timeline. */
  readonly lit: string | undefined;
  readonly onLit: (stage: string | undefined) => void;
}

function Bar({ lifecycle, lit, onLit }: AttributionProps) {
  const { stages, durationNs } = lifecycle;
  const fillOf = stageFills(stages);
  return (
    <div className={styles.bar} data-lit={lit !== undefined || undefined}>
      {stages
        .filter((stage) => stage.ns > 0n)
        .map((stage) => {
          const id = stageId(stage);
          const wide = Number(stage.ns) / Number(durationNs) >= LABEL_SHARE_MIN;
          return (
            <span
              key={id}
              className={styles.part}
              style={{ flexGrow: Number(stage.ns) }}
              title={stageText(stage, durationNs)}
              data-current={id === lit || undefined}
              onPointerEnter={() => onLit(id)}
              onPointerLeave={() => onLit(undefined)}
              {...fillOf(stage)}
            >
              {wide && <span className={styles.label}>{stageName(stage)}</span>}
            </span>
          );
        })}
    </div>
  );
}

interface LegendRowProps {
  readonly stage: Stage;
  readonly fill: Fill;
  readonly totalNs: bigint;
  readonly lit: boolean;
  readonly onLit: (stage: string | undefined) => void;
}

function LegendRow({ stage, fill, totalNs, lit, onLit }: LegendRowProps) {
  return (
    <tr
      data-current={lit || undefined}
      onPointerEnter={() => onLit(stageId(stage))}
      onPointerLeave={() => onLit(undefined)}
    >
      <th scope="row">
        <span className={styles.swatch} aria-hidden="true" {...fill} />
        {stage.label}
        {stage.kind !== 'work' && <small> {KIND_TEXT[stage.kind]}</small>}
      </th>
      <td className={styles.duration}>{formatDuration(stage.ns)}</td>
      <td className={styles.percent}>{formatPercent(stage.ns, totalNs)}</td>
      <td className={styles.exact}>{formatNs(stage.ns)}</td>
    </tr>
  );
}

function Sum({ lifecycle }: { lifecycle: Lifecycle }) {
  const { sumNs, exact } = sumCheck(lifecycle.stages, lifecycle.durationNs);
  return (
    <p className={styles.sum} data-exact={exact}>
      {exact
        ? `✓ The parts sum to the total exactly: ${formatNs(sumNs)}`
        : `The parts sum to ${formatNs(sumNs)}, the total is ${formatNs(lifecycle.durationNs)}`}
    </p>
  );
}

/** The order's time, part by part along its critical path: work solid, waiting hatched. */
export function Attribution(props: AttributionProps) {
  const { lifecycle, lit, onLit } = props;
  const { stages, durationNs } = lifecycle;
  const fillOf = stageFills(stages);
  const half = Math.ceil(stages.length / 2);
  return (
    <section className="card" aria-label="Where the time went">
      <header className="card-head">
        <h2>Where the time went</h2>
        <p className={styles.kinds}>
          {timeByKind(stages).map(({ kind, ns }) => (
            <span key={kind} title={KIND_TEXT[kind]}>
              <b>{formatPercent(ns, durationNs)}</b> {KIND_TEXT[kind]}
            </span>
          ))}
        </p>
      </header>
      <Bar {...props} />
      <div className={styles.legend}>
        {[stages.slice(0, half), stages.slice(half)].map((part, column) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two fixed columns.
          <table key={column} aria-label={`Stages, column ${column + 1}`}>
            <tbody>
              {part.map((stage) => (
                <LegendRow
                  key={stageId(stage)}
                  stage={stage}
                  fill={fillOf(stage)}
                  totalNs={durationNs}
                  lit={lit === stageId(stage)}
                  onLit={onLit}
                />
              ))}
            </tbody>
          </table>
        ))}
      </div>
      <Sum lifecycle={lifecycle} />
    </section>
  );
}
