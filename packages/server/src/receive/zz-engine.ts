import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { openStore } from '@throughline/store';
import { checkOtlpWire } from './otlp-wire.ts';
import { encodeRequest, requestArbitrary } from './testing/otlp.ts';
const dir = mkdtempSync('/tmp/tl-engine-');
const store = await openStore({ dataDir: dir, onWarning: (m: string) => console.log('WARN', m) });
let spans = 0, n = 0, mutated = 0;
const samples = fc.sample(requestArbitrary, { numRuns: 1500, seed: Number(process.argv[2]) });
for (const request of samples) {
  const bytes = encodeRequest(request);
  const { spanCount } = checkOtlpWire(bytes);
  if (spanCount === 0) continue;
  spans += spanCount; n++;
  const ps = [store.append(bytes, spanCount)];
  for (let k = 0; k < 80; k++) {
    const copy = Uint8Array.from(bytes);
    copy[Math.floor(Math.random() * copy.length)] = Math.floor(Math.random() * 256);
    try { const c = checkOtlpWire(copy).spanCount; if (c > 0) { spans += c; mutated++; ps.push(store.append(copy, c)); } } catch {}
  }
  await Promise.all(ps);
}
await store.settled(120_000);
console.log({ n, mutated, spans }, JSON.stringify((await store.status()), (_, v) => typeof v === 'bigint' ? String(v) : v));
await store.close();
console.log(dir); void rmSync;
