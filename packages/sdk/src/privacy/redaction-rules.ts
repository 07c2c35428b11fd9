import { SECRET_PATTERNS } from './secret-patterns.ts';

/**
 * What is sensitive. Rules add to the default ones ({@link REDACTION_RULES}) unless `defaults` is
 * `false`.
 */
export interface RedactionRules {
  /**
   * A key that contains one of these is sensitive. Compared in lower case without separators:
   * `X-Api-Key` is `xapikey`.
   */
  readonly keyParts?: readonly string[] | undefined;
  /** A key that one of these fits is sensitive. Text is an expression in which case is ignored. */
  readonly keyPatterns?: readonly (string | RegExp)[] | undefined;
  /** Keys that never are, whatever they contain. Compared like `keyParts`, as a whole. */
  readonly keysAllowed?: readonly string[] | undefined;
  /**
   * What is hidden within any text. Text is an expression; what its group named `kept` captures
   * stays. Every value is searched, so mind the time that an expression takes.
   */
  readonly valuePatterns?: readonly (string | RegExp)[] | undefined;
  /** `false`: these rules instead of the default ones. */
  readonly defaults?: boolean | undefined;
}

/** The default rules: names of credentials, and what secrets look like. */
export const REDACTION_RULES = {
  keyParts: [
    'password',
    'passwd',
    'passphrase',
    'secret',
    'token',
    'apikey',
    'accesskey',
    'privatekey',
    'signingkey',
    'listenkey',
    'accountkey',
    'authorization',
    'credential',
    'cookie',
    'mnemonic',
    'signature',
    'apisign',
    'accesssign',
  ],
  keyPatterns: [
    /(?:^|[._-])(?:pwd|otp|totp|cvv)$/i,
    /^sign$/i,
    // FIX: Password, NewPassword, EncryptedPassword, EncryptedNewPassword.
    /^(?:554|925|140[24])$/,
  ],
  keysAllowed: [
    'symbol.token',
    'token.symbol',
    'token.name',
    'token.address',
    'token.decimals',
    'token.type',
    'gen_ai.usage.input_tokens',
    'gen_ai.usage.output_tokens',
  ],
  valuePatterns: SECRET_PATTERNS,
} as const satisfies RedactionRules;

/** Rules made ready for use. */
export interface CompiledRules {
  readonly keyParts: readonly string[];
  readonly keyPatterns: readonly RegExp[];
  readonly keysAllowed: ReadonlySet<string>;
  /** Whether the default value patterns are searched for. */
  readonly hidesSecrets: boolean;
  /** Those beyond the default ones. */
  readonly valuePatterns: readonly RegExp[];
}

/** The default rules with those given. What is not usable of these is told to `log` and left out. */
export function compileRules(rules: RedactionRules, log: (message: string) => void): CompiledRules {
  const hasDefaults = rules.defaults !== false;
  const defaults: RedactionRules = hasDefaults ? REDACTION_RULES : {};
  const keys = (name: 'keyParts' | 'keysAllowed'): string[] =>
    [...(defaults[name] ?? []), ...listOf(rules, name, log)]
      .map((key) => plainKey(String(key)))
      .filter((key) => key !== '');
  const patterns = (name: 'keyPatterns' | 'valuePatterns', flags: string): RegExp[] =>
    listOf(rules, name, log).flatMap((given) => {
      const pattern = compilePattern(given, flags);
      if (!pattern) log(`redaction.${name}: ${given} is not an expression, it is left out`);
      return pattern ?? [];
    });
  return {
    keyParts: keys('keyParts'),
    keyPatterns: [
      ...(hasDefaults ? REDACTION_RULES.keyPatterns : []),
      ...patterns('keyPatterns', ''),
    ],
    keysAllowed: new Set(keys('keysAllowed')),
    hidesSecrets: hasDefaults,
    valuePatterns: patterns('valuePatterns', 'g'),
  };
}

/** Callers in JavaScript may pass anything. */
function listOf(
  rules: RedactionRules,
  name: Exclude<keyof RedactionRules, 'defaults'>,
  log: (message: string) => void,
): readonly (string | RegExp)[] {
  const list: unknown = rules[name] ?? [];
  if (Array.isArray(list)) return list;
  log(`redaction.${name} is not a list, it is left out`);
  return [];
}

/** An expression without memory of where it was last; text is one in which case is ignored. */
function compilePattern(pattern: string | RegExp, flags: string): RegExp | undefined {
  try {
    if (typeof pattern === 'string') return new RegExp(pattern, `i${flags}`);
    return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '') + flags);
  } catch {
    return undefined;
  }
}

/** A key as rules compare it. */
export function plainKey(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9]/g, '');
}
