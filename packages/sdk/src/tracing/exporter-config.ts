import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Environment } from './environment.ts';
import { HEADERS } from './list-settings.ts';
import { httpUrl, integer, isObject, oneOf, type SettingKind } from './setting-kinds.ts';

/** What a TLS connection to the receiver needs, as PEM text. */
export interface ExporterTls {
  /** Certificates that are trusted instead of the usual ones. */
  readonly ca?: string | undefined;
  /** The certificate that this service shows, together with its key. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Where ended spans go, and how. */
export interface ExporterConfig {
  /** `none`: spans are made and their context goes on, but nothing is sent. */
  readonly exporter: 'otlp' | 'none';
  /** The full address. */
  readonly tracesUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  readonly tls: ExporterTls | undefined;
  /** For one request. */
  readonly exportTimeoutMs: number;
}

const TRACES_PATH = '/v1/traces';
const OTLP_PORT = 4318;
/** Jaeger's ports for other protocols than OTLP/HTTP: who names one still means that host. */
const JAEGER_OTHER_PORTS: ReadonlySet<number> = new Set([
  4317, 5775, 5778, 6831, 6832, 9411, 14250, 14268, 14269, 16685, 16686,
]);

/** The variable for traces alone before the one for all signals. */
function otlp(name: string): [string, string] {
  return [`OTEL_EXPORTER_OTLP_TRACES_${name}`, `OTEL_EXPORTER_OTLP_${name}`];
}

export function readExporterConfig(env: Environment): ExporterConfig {
  env.read({
    variables: otlp('PROTOCOL'),
    kind: oneOf(['http/protobuf']),
    otherwise: 'http/protobuf',
  });
  return {
    exporter: env.read({
      option: 'exporter',
      variables: ['OTEL_TRACES_EXPORTER'],
      kind: oneOf(['otlp', 'none']),
      otherwise: 'otlp',
    }),
    tracesUrl: readTracesUrl(env),
    headers: env.read({
      option: 'headers',
      variables: otlp('HEADERS'),
      kind: HEADERS,
      otherwise: {},
      isSecret: true,
    }),
    compression: env.read({
      option: 'compression',
      variables: otlp('COMPRESSION'),
      kind: oneOf(['gzip', 'none']),
      otherwise: 'none',
    }),
    tls: readTls(env),
    exportTimeoutMs: env.read({
      option: 'exportTimeoutMs',
      variables: [...otlp('TIMEOUT'), 'OTEL_BSP_EXPORT_TIMEOUT'],
      kind: integer(1),
      otherwise: 10_000,
    }),
  };
}

function readTracesUrl(env: Environment): string {
  const [full, base] = otlp('ENDPOINT');
  const kind = httpUrl(TRACES_PATH);
  const fromJaeger = () => readJaegerUrl(env) ?? `http://localhost:${OTLP_PORT}${TRACES_PATH}`;
  const fromBase = () => env.readOr({ variables: [base], kind }, fromJaeger);
  const fromFull = () => env.readOr({ variables: [full], kind: httpUrl('') }, fromBase);
  return env.readOr({ option: 'endpoint', kind }, fromFull);
}

/** Where services that were set up for Jaeger's older protocols send: the same host, by OTLP. */
function readJaegerUrl(env: Environment): string | undefined {
  const names = ['JAEGER_HOST', 'JAEGER_PORT'].filter((name) => env.text(name) !== undefined);
  if (names.length === 0) return undefined;
  const given = env.read({
    variables: ['JAEGER_PORT'],
    kind: integer(1, 65_535),
    otherwise: OTLP_PORT,
  });
  const port = JAEGER_OTHER_PORTS.has(given) ? OTLP_PORT : given;
  const host = env.read({ variables: ['JAEGER_HOST'], kind: HOST, otherwise: 'localhost' });
  const url = `http://${host}:${port}${TRACES_PATH}`;
  env.warn(`${names.join(' and ')}: spans are sent by OTLP over HTTP to ${url}`);
  return url;
}

/** A certificate and its key go together; one that does not fit the other is of no use. */
function readTls(env: Environment): ExporterTls | undefined {
  const given = env.read({ option: 'tls', kind: TLS, otherwise: {}, isSecret: true });
  const file = (name: string, kind: SettingKind<string>) =>
    env.read<string | undefined>({ variables: otlp(name), kind, otherwise: undefined });
  const ca = given.ca ?? file('CERTIFICATE', CERTIFICATE_FILE);
  const cert = given.cert ?? file('CLIENT_CERTIFICATE', CERTIFICATE_FILE);
  const key = given.key ?? file('CLIENT_KEY', KEY_FILE);
  if (cert !== undefined && key !== undefined && isPair(cert, key)) return { ca, cert, key };
  if (cert !== undefined || key !== undefined) {
    env.warn('the client certificate and its key do not belong together; neither is used');
  }
  return ca === undefined ? undefined : { ca };
}

function isPair(cert: string, key: string): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
}

/** PEM text, or a throw. */
function certificate(pem: string): string {
  new X509Certificate(pem);
  return pem;
}

function privateKey(pem: string): string {
  createPrivateKey(pem);
  return pem;
}

const CERTIFICATE_FILE: SettingKind<string> = {
  expected: 'a file with a certificate (PEM)',
  fromText: (path) => certificate(readFileSync(path, 'utf8')),
  fromOption: () => undefined,
};

const KEY_FILE: SettingKind<string> = {
  expected: 'a file with a private key (PEM, not encrypted)',
  fromText: (path) => privateKey(readFileSync(path, 'utf8')),
  fromOption: () => undefined,
};

const TLS: SettingKind<ExporterTls> = {
  expected: 'certificates and a private key (PEM)',
  fromText: () => undefined,
  fromOption(value) {
    if (!isObject(value)) return undefined;
    const { ca, cert, key } = value as ExporterTls;
    return {
      ca: ca === undefined ? ca : certificate(ca),
      cert: cert === undefined ? cert : certificate(cert),
      key: key === undefined ? key : privateKey(key),
    };
  },
};

/** A host alone, as it stands in an address. */
const HOST: SettingKind<string> = {
  expected: 'the name or address of a host',
  fromText(text) {
    const host = text.includes(':') && !text.startsWith('[') ? `[${text}]` : text;
    return /[/?#@\\\s]/.test(host) ? undefined : URL.parse(`http://${host}`)?.host;
  },
  fromOption: () => undefined,
};
