// TLS: files, ports, client certificates, renewal. Needs openssl. Run alone: npx vitest run --project system security-tls
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { TLSSocket } from 'node:tls';
import { connect } from 'node:tls';
import pino from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { httpServer } from '../packages/server/src/http-server.ts';
import { listen } from '../packages/server/src/listen.ts';
import { readTlsFiles, watchTlsFiles } from '../packages/server/src/tls.ts';
import {
  type CertificateFiles,
  encryptKey,
  makeCertificate,
  makeRubbish,
} from './support/certificates.ts';
import { rawBytes, rawRequest } from './support/raw-http.ts';
import { eventually, startServe, temporaryFolder } from './support/serve.ts';

const TRACES = { method: 'POST', path: '/v1/traces' };
const JSON_TYPE = { 'content-type': 'application/json' };
const TOKEN = 'token-of-the-tls-tests';

function pathsOf({ cert, key }: CertificateFiles, clientCa?: string) {
  return { cert, key, clientCa };
}

/** The certificate that a server shows; rejects when no connection comes about. */
function shownBy(port: number, options: object = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect(
      { port, host: '127.0.0.1', rejectUnauthorized: false, ...options },
      () => {
        resolve(String(socket.getPeerCertificate().subject?.CN));
        socket.destroy();
      },
    );
    socket.once('error', reject);
  });
}

test('files with which TLS cannot be spoken are refused by flag, file and reason', () => {
  const folder = temporaryFolder();
  const one = makeCertificate(folder, 'one');
  const other = makeCertificate(folder, 'other');
  const rubbish = makeRubbish(folder);
  const defects: [paths: Parameters<typeof readTlsFiles>[0], message: RegExp][] = [
    [pathsOf({ ...one, cert: `${folder}/none` }), /--tls-cert: .*none does not exist/],
    [pathsOf({ ...one, key: folder }), /--tls-key: .* cannot be read \(EISDIR\)/],
    [pathsOf({ ...one, cert: rubbish }), /--tls-cert: .*rubbish.pem holds no certificate/],
    [pathsOf({ ...one, key: rubbish }), /--tls-key: .*rubbish.pem holds no private key/],
    [pathsOf({ ...one, key: encryptKey(one.key) }), /--tls-key: .* needs a passphrase/],
    [pathsOf({ ...one, key: other.key }), /--tls-key: .*other.key is not the key of .*one.pem/],
    [pathsOf(one, rubbish), /--tls-client-ca: .*rubbish.pem holds no certificate/],
  ];
  for (const [paths, message] of defects) expect(() => readTlsFiles(paths)).toThrow(message);
  expect(readTlsFiles(pathsOf(one, other.cert)).ca?.toString()).toContain('BEGIN CERTIFICATE');
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * 24 * 3600 * 1000 });
  onTestFinished(() => void vi.useRealTimers());
  expect(() => readTlsFiles(pathsOf(one))).toThrow(/--tls-cert: .* expired on/);
});

test('every TCP port speaks TLS from 1.2 on and nothing else', async () => {
  const folder = temporaryFolder();
  const server = makeCertificate(folder, 'server');
  const tls = ['--tls-cert', server.cert, '--tls-key', server.key, '--token', TOKEN];
  const serving = await startServe(`${folder}/data`, ['serve', ...tls]);
  const { ui, otlpHttp, otlpGrpc, jaegerHttp, zipkin } = serving;
  const urls = [ui, otlpHttp, otlpGrpc, jaegerHttp, zipkin].filter((url) => url !== undefined);
  expect(urls.length).toBeGreaterThan(2);
  for (const url of urls) {
    expect(url).toMatch(/^https:/);
    const port = Number(new URL(url).port);
    expect([url, await shownBy(port, { ALPNProtocols: ['h2', 'http/1.1'] })]).toEqual([
      url,
      'server',
    ]);
    const old = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    await expect(shownBy(port, old)).rejects.toThrow(/version|protocol/i);
    expect(await rawBytes(url, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')).not.toContain('200');
  }
  const ca = readFileSync(server.cert);
  const page = await rawRequest(ui, { ca, path: `/?token=${TOKEN}` });
  expect(page.headers['strict-transport-security']).toContain('max-age=');
  expect(String(page.headers['set-cookie'])).toMatch(/^__Host-.*; Secure$/);
});

test('with a client CA senders must show a certificate that it signed, readers a token', async () => {
  const folder = temporaryFolder();
  const authority = makeCertificate(folder, 'authority');
  const server = makeCertificate(folder, 'server', authority);
  const sender = makeCertificate(folder, 'sender', authority);
  const stranger = makeCertificate(folder, 'stranger');
  const serving = await startServe(`${folder}/data`, [
    ...['serve', '--tls-cert', server.cert, '--tls-key', server.key],
    ...['--tls-client-ca', authority.cert, '--read-token', TOKEN],
  ]);
  const { ui, otlpHttp, otlpGrpc, jaegerHttp, zipkin } = serving;
  const ca = readFileSync(authority.cert);
  const identity = ({ cert, key }: CertificateFiles) => ({
    cert: readFileSync(cert),
    key: readFileSync(key),
  });
  const send = (more: object) =>
    rawRequest(otlpHttp, { ca, ...TRACES, headers: JSON_TYPE, body: '{}', ...more });
  expect((await send(identity(sender))).status).toBe(200);
  await expect(send({})).rejects.toThrow();
  await expect(send(identity(stranger))).rejects.toThrow();
  for (const url of [otlpGrpc, jaegerHttp, zipkin].filter((url) => url !== undefined)) {
    const refused = rawRequest(url, { ca, method: 'POST', ALPNProtocols: ['h2'] } as object);
    await expect(refused).rejects.toThrow(/certificate|alert|socket|reset|EPROTO|EPIPE/i);
  }
  expect((await rawRequest(ui, { ca, path: '/healthz' })).status).toBe(200);
  expect((await rawRequest(ui, { ca, path: '/api/status' })).status).toBe(401);
});

test('a renewed certificate is used from the next connection on, a broken one is not', async () => {
  const folder = temporaryFolder();
  const files = makeCertificate(folder, 'first');
  const warnings: string[] = [];
  const tls = watchTlsFiles(pathsOf(files), (message) => warnings.push(message), 10);
  onTestFinished(() => tls.stop());
  const app = httpServer({ logger: pino({ level: 'silent' }), tls: tls.files }, {});
  app.get('/', async () => 'page');
  const port = await listen(app, 'ui', { host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  expect(await shownBy(port)).toBe('first');

  writeFileSync(files.cert, 'half a certifi');
  await eventually('the warning', async () => warnings.length > 0);
  expect(warnings[0]).toContain('--tls-cert');
  expect(await shownBy(port)).toBe('first');

  const second = makeCertificate(folder, 'second');
  copyFileSync(second.cert, files.cert);
  copyFileSync(second.key, files.key);
  await eventually('the second certificate', async () => (await shownBy(port)) === 'second');
});
