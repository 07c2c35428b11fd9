import { parseArgs } from 'node:util';
import { ThroughlineError } from '@throughline/model';
import { type Fault, parseFault } from './faults/fault.ts';

/** Of {@link SERVICE_FLAGS} those of a process that gets no messages, such as a server for others. */
export const PROCESS_FLAGS = {
  'health-port': { type: 'string', default: '0' },
  'exit-with-parent': { type: 'boolean', default: false },
} as const;

export const PROCESS_USAGE = `  --health-port PORT        of /healthz, /readyz and /metrics, default 0: a free one
  --exit-with-parent        end when stdin ends`;

/**
 * The flags that every service has, read by {@link readServiceFlags}. A service spreads them into the
 * options of its own `parseArgs`, which refuses flags that it does not know.
 */
export const SERVICE_FLAGS = {
  ...PROCESS_FLAGS,
  fault: { type: 'string', multiple: true, default: [] as string[] },
} as const;

/** For the end of a service's own usage. */
export const SERVICE_USAGE = `${PROCESS_USAGE}
  --fault NAME[=VALUE]      what is to go wrong, any number of times:
                            slow-consumer=200ms  poisoned-message[=0.01]
                            lost-trace-header=0.1  duplicate-delivery=0.1  clock-skew=-1500ms`;

const PORT_MAX = 65_535;

export interface ServiceFlags {
  readonly healthPort: number;
  readonly exitsWithParent: boolean;
  readonly faults: readonly Fault[];
}

/**
 * Reads the kit's flags from among the service's own, which it leaves to the service.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readServiceFlags(argv: readonly string[]): ServiceFlags {
  const { values } = parseArgs({
    args: [...argv],
    options: SERVICE_FLAGS,
    strict: false,
    allowPositionals: true,
  });
  const faults = Array.isArray(values.fault) ? values.fault : [];
  return {
    healthPort: portOf(String(values['health-port'])),
    exitsWithParent: values['exit-with-parent'] === true,
    faults: faults.map((text) => parseFault(String(text))),
  };
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= PORT_MAX) return port;
  const message = `--health-port ${text}: must be a whole number from 0 to ${PORT_MAX}`;
  throw new ThroughlineError('TL_CONFIG_INVALID', message);
}
