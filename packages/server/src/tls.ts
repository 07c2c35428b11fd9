import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { ThroughlineError } from '@throughline/model';

const RENEWAL_CHECK_MS = 60_000;
/** Node's own default is two minutes, in which a connection costs us and says nothing. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** The certificate with which every TCP port speaks TLS; PEM. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** When present, senders must show a certificate that this one signed. */
  readonly ca?: Buffer;
  /** Has a listening port told whenever the files were renewed. */
  readonly onRenewal?: (use: (renewed: TlsFiles) => void) => void;
}

/** Where the files are; paths as the flags of the same names give them. */
export interface TlsPaths {
  cert: string;
  key: string;
  clientCa: string | undefined;
}

/**
 * Reads the files and checks that TLS can be spoken with them.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` that names the flag and what is wrong with its file
 */
export function readTlsFiles(paths: TlsPaths): TlsFiles {
  const cert = readPem('--tls-cert', paths.cert);
  const key = readPem('--tls-key', paths.key);
  const ca = paths.clientCa === undefined ? undefined : readPem('--tls-client-ca', paths.clientCa);
  const certificate = parseCertificate('--tls-cert', paths.cert, cert);
  if (certificate.validToDate.getTime() < Date.now()) {
    throw invalid('--tls-cert', paths.cert, `expired on ${certificate.validToDate.toISOString()}`);
  }
  if (!certificate.checkPrivateKey(parseKey(paths.key, key))) {
    throw invalid('--tls-key', paths.key, `is not the key of the certificate ${paths.cert}`);
  }
  if (ca !== undefined) parseCertificate('--tls-client-ca', String(paths.clientCa), ca);
  const files = { cert, key, ...(ca === undefined ? {} : { ca }) };
  try {
    createSecureContext(files);
  } catch (cause) {
    throw invalid('--tls-cert', paths.cert, `cannot be used: ${(cause as Error).message}`, cause);
  }
  return files;
}

/** Files that are read again, so that certificates can be renewed while the server runs. */
export interface WatchedTls {
  files: TlsFiles;
  stop(): void;
}

/**
 * Reads the files, and looks every minute whether they have become others: these are used for new
 * connections from then on. Broken ones are not, and are told.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID`
 */
export function watchTlsFiles(
  paths: TlsPaths,
  onWarning: (message: string) => void,
  everyMs = RENEWAL_CHECK_MS,
): WatchedTls {
  const users: ((renewed: TlsFiles) => void)[] = [];
  const onRenewal = (use: (renewed: TlsFiles) => void) => void users.push(use);
  let files: TlsFiles = { ...readTlsFiles(paths), onRenewal };
  const timer = setInterval(() => {
    try {
      const renewed = { ...readTlsFiles(paths), onRenewal };
      if (isSame(files, renewed)) return;
      files = renewed;
      for (const use of users) use(renewed);
    } catch (error) {
      onWarning(`the certificate is not renewed: ${(error as Error).message}`);
    }
  }, everyMs);
  timer.unref();
  return { files, stop: () => clearInterval(timer) };
}

/** The same for a port that asks nobody for a certificate. */
export function withoutClientCa(files: TlsFiles): TlsFiles {
  const { cert, key, onRenewal } = files;
  return {
    cert,
    key,
    onRenewal: (use) => onRenewal?.((renewed) => use(withoutClientCa(renewed))),
  };
}

/** How an HTTPS server uses the files. */
export function httpsOptions(files: TlsFiles): ServerOptions {
  return {
    ...secureContextOptions(files),
    requestCert: files.ca !== undefined,
    rejectUnauthorized: files.ca !== undefined,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  };
}

/** The part of {@link httpsOptions} that can change while the server runs. */
export function secureContextOptions({ cert, key, ca }: TlsFiles) {
  return { cert, key, ...(ca === undefined ? {} : { ca }), minVersion: 'TLSv1.2' } as const;
}

function isSame(one: TlsFiles, other: TlsFiles): boolean {
  const sameCa = one.ca === undefined || other.ca === undefined || one.ca.equals(other.ca);
  return one.cert.equals(other.cert) && one.key.equals(other.key) && sameCa;
}

function readPem(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const defect = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw invalid(flag, path, defect, cause);
  }
}

function parseCertificate(flag: string, path: string, pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw invalid(flag, path, 'holds no certificate in PEM', cause);
  }
}

function parseKey(path: string, pem: Buffer) {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const isEncrypted = pem.includes('ENCRYPTED');
    const defect = isEncrypted
      ? 'needs a passphrase: give the key without'
      : 'holds no private key in PEM';
    throw invalid('--tls-key', path, defect, cause);
  }
}

function invalid(flag: string, path: string, defect: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError('TL_CONFIG_INVALID', `${flag}: ${path} ${defect}`, { cause });
}
