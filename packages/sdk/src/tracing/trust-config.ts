import { hostPattern } from '../privacy/host-trust.ts';
import type { Environment } from './environment.ts';
import { BOOLEAN, type SettingKind, UsablePart } from './setting-kinds.ts';

/** Where the context of HTTP requests goes to and comes from. */
export interface TrustConfig {
  /** In addition to those that are ours by their form, as `hostIsTrusted` has it. */
  readonly trustedHosts: readonly string[];
  /** Clients reach the HTTP server. */
  readonly publicEndpoint: boolean;
}

export function readTrustConfig(env: Environment): TrustConfig {
  return {
    trustedHosts: env.read({
      option: 'trustedHosts',
      variables: ['OTEL_TRACING_TRUSTED_HOSTS'],
      kind: HOSTS,
      otherwise: [],
    }),
    publicEndpoint: env.readOr(
      { option: 'publicEndpoint', kind: BOOLEAN },
      () => env.boolean('OTEL_TRACING_PUBLIC_ENDPOINT') ?? false,
    ),
  };
}

/** Hosts, separated by commas. Those that are right can be used. */
const HOSTS: SettingKind<readonly string[]> = {
  expected: 'a list of host names, *.suffixes and addresses',
  fromText: (text) =>
    hostsOf(
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    ),
  fromOption: (value) => (Array.isArray(value) ? hostsOf(value) : undefined),
};

function hostsOf(items: readonly unknown[]): readonly string[] | UsablePart<string[]> | undefined {
  const hosts = items.map((item) => (typeof item === 'string' ? hostPattern(item) : undefined));
  const usable = hosts.filter((host) => host !== undefined);
  if (usable.length === items.length) return usable;
  return usable.length > 0 ? new UsablePart(usable) : undefined;
}
