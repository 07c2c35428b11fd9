import type { Service } from '@throughline/service';

/**
 * What a service needs of the process that it runs in: all of one, or its share of one where the
 * five run together.
 */
export type ProcessParts = Pick<
  Service,
  'tracing' | 'logger' | 'metrics' | 'faults' | 'setReady' | 'onStop'
>;
