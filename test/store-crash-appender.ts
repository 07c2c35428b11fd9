import { openStore } from '../packages/store/src/index.ts';
import { encodeRequest, hex, otlpSpan } from '../packages/store/src/otlp-fixture.ts';

/**
 * Fills the store in the directory named by its argument and prints every trace id that was acked.
 */
const [dataDir = ''] = process.argv.slice(2);
const store = await openStore({ dataDir, segmentAgeMs: 20 });

async function append(): Promise<never> {
  for (;;) {
    const spans = Array.from({ length: 20 }, () => otlpSpan());
    await store.append(encodeRequest(spans), spans.length);
    process.stdout.write(spans.map(({ trace_id }) => `${hex(trace_id)}\n`).join(''));
  }
}

await Promise.all([append(), append(), append()]);
