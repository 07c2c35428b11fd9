import { formatBytes, formatDuration, NS_PER_MS, type StatusResponse } from '@throughline/model';
import { Fact, Facts } from '../../components/facts.tsx';
import { Meter } from '../../components/meter.tsx';
import { formatCount } from '../../lib/format.ts';
import styles from './cards.module.css';
import { Section } from './section.tsx';

const WARN_SHARE = 0.8;

/** What is acknowledged, on disk, and waits to be stored. */
export function JournalCard({ journal }: { journal: StatusResponse['journal'] }) {
  const { segments, bytes, bytesMax, lagMs } = journal;
  const lag = lagMs === 0 ? '–' : formatDuration(BigInt(Math.round(lagMs)) * NS_PER_MS);
  const waiting = `${formatBytes(bytes)} of ${formatBytes(bytesMax)}`;
  return (
    <Section id="journal" title="Journal" note="acknowledged, on disk, not stored yet">
      <div className={styles.meter}>
        <Meter label="Journal" value={bytes} max={bytesMax} text={waiting} warnFrom={WARN_SHARE} />
      </div>
      <Facts>
        <Fact label="Waiting">{waiting}</Fact>
        <Fact label="Behind by">{lag}</Fact>
        <Fact label="Segments">{formatCount(segments)}</Fact>
      </Facts>
    </Section>
  );
}
