import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** PEM files in a folder. */
export interface CertificateFiles {
  cert: string;
  key: string;
}

/**
 * Makes a certificate for localhost, by the openssl of this machine.
 *
 * @param name of the files, and the subject
 * @param issuer signs it; else it signs itself
 */
export function makeCertificate(
  folder: string,
  name: string,
  issuer?: CertificateFiles,
): CertificateFiles {
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const signedBy = issuer === undefined ? [] : ['-CA', issuer.cert, '-CAkey', issuer.key];
  openssl([
    ...['req', '-x509', ...KEY, ...signedBy, '-days', '2', '-subj', `/CN=${name}`],
    ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ...['-keyout', files.key, '-out', files.cert],
  ]);
  return files;
}

/** Writes the key again, behind a passphrase. */
export function encryptKey(key: string): string {
  const encrypted = `${key}.encrypted`;
  openssl(['pkcs8', '-topk8', '-in', key, '-out', encrypted, '-passout', 'pass:secret']);
  return encrypted;
}

/** A file of ours that is not what its name says. */
export function makeRubbish(folder: string): string {
  const path = join(folder, 'rubbish.pem');
  writeFileSync(path, 'no PEM\n');
  return path;
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
