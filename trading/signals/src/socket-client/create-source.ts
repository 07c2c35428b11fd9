import type { ProcessParts } from '../process-parts.ts';
import type { SourceOptions } from './config.ts';
import { ExchangeStream } from './exchange-stream.ts';
import type { MarketSource } from './market-source.ts';
import { Recording } from './recording.ts';

export function createSource(parts: ProcessParts, source: SourceOptions): MarketSource {
  return source.type === 'stream'
    ? new ExchangeStream(parts, source.stream)
    : new Recording(parts, source.recording);
}
