import { formatBytes, type StatusResponse } from '@throughline/model';
import { Fact, Facts } from '../../components/facts.tsx';
import { formatCount } from '../../lib/format.ts';
import { Section } from './section.tsx';

type EngineCardProps = Pick<StatusResponse, 'engine' | 'memory'>;

/** The database that stores and finds spans, and the memory that both processes take. */
export function EngineCard({ engine, memory }: EngineCardProps) {
  const { state, restarts, version } = engine;
  return (
    <Section id="engine" title="Engine" note="stores spans and answers questions">
      <Facts>
        <Fact label="State">{state}</Fact>
        <Fact label="Restarts">{formatCount(restarts)}</Fact>
        <Fact label="Version">ClickHouse {version}</Fact>
        {memory.engineBytes > 0 && (
          <Fact label="Memory, engine">{formatBytes(memory.engineBytes)}</Fact>
        )}
        <Fact label="Memory, server">{formatBytes(memory.serverBytes)}</Fact>
      </Facts>
    </Section>
  );
}
