import { setTimeout as sleep } from 'node:timers/promises';
import { ThroughlineError } from '@throughline/model';
import type { Fault, FaultName } from './fault.ts';

/**
 * What goes wrong with the messages that a service receives, on purpose. Its consumer asks at each
 * message, in this order:
 *
 * ```ts
 * if (faults.losesTraceHeader()) message = withoutTraceHeaders(message);
 * for (let left = faults.deliveries(); left > 0; left -= 1) {
 *   await consume(message, async () => { // in the span of the processing
 *     await faults.beforeProcessing();
 *     await handle(message);
 *   });
 * }
 * ```
 *
 * Shares are kept exactly: with 0.1 it is each tenth message, so that a run can be repeated.
 */
export interface MessageFaults {
  /** Whether this message arrives without trace context. */
  losesTraceHeader(): boolean;
  /** How often this message is delivered: 1 or 2. */
  deliveries(): 1 | 2;
  /**
   * As long as a slow consumer takes.
   *
   * @throws ThroughlineError `TL_MESSAGE_INVALID` for a poisoned message
   */
  beforeProcessing(): Promise<void>;
}

/** Of several faults with one name the last counts. */
export function messageFaults(faults: readonly Fault[]): MessageFaults {
  const of = (name: FaultName): number =>
    faults.findLast((fault) => fault.name === name)?.value ?? 0;
  const isWithoutHeader = everyShare(of('lost-trace-header'));
  const isDuplicated = everyShare(of('duplicate-delivery'));
  const isPoisoned = everyShare(of('poisoned-message'));
  const slowMs = of('slow-consumer');
  return {
    losesTraceHeader: isWithoutHeader,
    deliveries: () => (isDuplicated() ? 2 : 1),
    async beforeProcessing() {
      if (slowMs > 0) await sleep(slowMs);
      if (isPoisoned()) {
        throw new ThroughlineError('TL_MESSAGE_INVALID', 'the message is poisoned', {
          hint: 'The service was started with --fault poisoned-message.',
        });
      }
    },
  };
}

/** Nothing goes wrong: for tests, and for services that run inside another process. */
export function noFaults(): MessageFaults {
  return messageFaults([]);
}

/** True so often that its share of all calls is the given one, spread evenly. */
function everyShare(share: number): () => boolean {
  let calls = 0;
  return () => {
    calls += 1;
    return Math.floor(calls * share) > Math.floor((calls - 1) * share);
  };
}
