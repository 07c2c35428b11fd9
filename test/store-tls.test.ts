/**
 * The store on a ClickHouse that is reached over TLS. Needs openssl. Run alone:
 * `npx vitest run --project system test/store-tls`.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { createServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { encodeRequest, hex, otlpSpan } from '../packages/store/src/testing/otlp.ts';
import { makeCertificate } from './support/certificates.ts';
import { startClickHouse } from './support/clickhouse.ts';
import { eventually, runCli, startServe, temporaryFolder } from './support/serve.ts';

const REFUSAL_DEADLINE_MS = 90_000;

test('spans go to ClickHouse and come back over TLS, with a certificate of our own where it asks for one', async () => {
  const folder = temporaryFolder();
  const ca = makeCertificate(folder, 'ca');
  const its = makeCertificate(folder, 'clickhouse', ca);
  const ours = makeCertificate(folder, 'throughline', ca);
  const server = await startClickHouse();
  onTestFinished(() => server.stop());

  const plainPort = Number(new URL(server.url).port);
  const names = new Set<string>();
  const door = createServer(
    {
      cert: readFileSync(its.cert),
      key: readFileSync(its.key),
      ca: readFileSync(ca.cert),
      requestCert: true,
    },
    (socket) => {
      names.add(String(socket.getPeerCertificate().subject?.CN));
      const plain = connect(plainPort, '127.0.0.1');
      socket.on('error', () => plain.destroy());
      plain.on('error', () => socket.destroy());
      socket.pipe(plain).pipe(socket);
    },
  ).listen(0, '127.0.0.1');
  await once(door, 'listening');
  onTestFinished(() => void door.close());
  const url = `https://localhost:${(door.address() as AddressInfo).port}`;
  const flags = [...server.flags('over_tls'), `--clickhouse-url=${url}`];
  const files = ['--clickhouse-ca', ca.cert, '--clickhouse-cert', ours.cert];
  const trusting = [...flags, ...files, '--clickhouse-key', ours.key];

  const serving = await startServe(temporaryFolder(), ['serve', ...trusting]);
  const traceId = randomBytes(16);
  const body = Buffer.from(encodeRequest([otlpSpan({ trace_id: traceId, name: 'over TLS' })]));
  const headers = { 'content-type': 'application/x-protobuf' };
  const sent = await fetch(`${serving.otlpHttp}/v1/traces`, { method: 'POST', headers, body });
  expect(sent.status).toBe(200);
  await eventually('the trace is there', async () => {
    return (await fetch(`${serving.ui}/api/traces/${hex(traceId)}`)).ok;
  });
  // Each connection showed who it was: loads, reads, all of them.
  expect([...names]).toEqual(['throughline']);
  expect(await serving.stop()).toBe(0);

  // Without the file, nothing is said to whoever might be there.
  const refused = await runCli(
    ['serve', '--data-dir', temporaryFolder(), ...flags],
    REFUSAL_DEADLINE_MS,
  );
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('TL_CLUSTER_UNAVAILABLE');
  expect(refused.stderr).toContain('--clickhouse-ca');
});
