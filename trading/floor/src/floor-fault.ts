import { ThroughlineError } from '@throughline/model';
import { type Fault, parseFault } from '@throughline/service';

/** Faults of what is between the services, every so many milliseconds. */
const FLOOR_FAULTS = ['broker-restart', 'exchange-disconnect'] as const;

export type FloorFault =
  | {
      readonly kind: 'service';
      readonly service: string;
      readonly fault: Fault;
      /** As the service's own `--fault` takes it. */
      readonly text: string;
    }
  | { readonly kind: (typeof FLOOR_FAULTS)[number]; readonly everyMs: number };

/**
 * Reads `slow-consumer=200ms@tradeengine` or `broker-restart=10000ms`.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID`
 */
export function parseFloorFault(text: string): FloorFault {
  const [body = '', service] = text.split('@');
  const [name, value] = body.split('=');
  const kind = FLOOR_FAULTS.find((floorFault) => floorFault === name);
  if (kind === undefined) {
    const fault = parseFault(body);
    if (service) return { kind: 'service', service, fault, text: body };
    throw invalid(text, `needs the service that has it, such as ${body}@tradeengine`);
  }
  const everyMs = Number(/^(\d{1,9})ms$/.exec(value ?? '')?.[1] ?? 0);
  if (everyMs > 0 && service === undefined) return { kind, everyMs };
  throw invalid(text, `needs how often, such as ${kind}=10000ms, and no service`);
}

function invalid(text: string, hint: string): ThroughlineError {
  return new ThroughlineError('TL_CONFIG_INVALID', `--fault ${text}: it ${hint}`);
}
