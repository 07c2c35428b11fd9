/**
 * What services in other languages send, with OpenTelemetry's own SDKs for them, comes back exactly. Which
 * languages there are depends on the machine: `vitest run --project system test/senders`.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { senders } from '../scripts/provision/senders.ts';
import { eventually, type Serving, startServing } from './support/serve.ts';

const SEND_DEADLINE_MS = 120_000;

const dataDir = mkdtempSync(join(tmpdir(), 'throughline-'));
let serving: Serving;
beforeAll(async () => {
  serving = await startServing(dataDir);
});
afterAll(async () => {
  await serving.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const CASES = senders().flatMap((sender) => [
  { ...sender, protocol: 'grpc' },
  { ...sender, protocol: 'http' },
]);

if (CASES.length === 0) test.skip('no other language is on this machine');

test.for(CASES)('a trace sent by $language over OTLP/$protocol comes back exactly', async ({
  command,
  protocol,
}) => {
  const endpoint = protocol === 'grpc' ? serving.otlpGrpc : serving.otlpHttp;
  const [program = '', ...args] = [...command, protocol, String(endpoint)];
  const sent = await promisify(execFile)(program, args, { timeout: SEND_DEADLINE_MS });
  const url = `${serving.ui}/api/traces/${sent.stdout.trim()}?format=throughline`;
  await eventually('the trace is there', async () => (await fetch(url)).ok);

  // biome-ignore lint/suspicious/noExplicitAny: what the test looks into is what it tests
  const { spans } = (await (await fetch(url)).json()) as any;
  const { spanId, traceId } = spans.find(({ name }: { name: string }) => name === 'receive order');
  const common = { service: 'sender', host: 'here', scope: { name: 'scope', version: '1.2.3' } };
  const byName = spans.toSorted((a: { name: string }, b: { name: string }) =>
    a.name < b.name ? -1 : 1,
  );
  expect(byName).toMatchObject([
    { ...common, name: 'receive order', kind: 'server', status: { code: 'unset' }, links: [] },
    {
      ...common,
      name: 'send order',
      parentSpanId: spanId,
      kind: 'producer',
      status: { code: 'error', message: 'refused' },
      attributes: {
        word: 'ü 😀',
        empty: '',
        int: '9007199254740993',
        double: 0.25,
        flag: false,
        words: ['a', 'b'],
        ints: [1, -2],
      },
      events: [{ name: 'sent', attributes: { attempt: 1 } }],
      links: [{ traceId, spanId, attributes: { 'fill.quantity': '0.5' } }],
    },
  ]);
});
