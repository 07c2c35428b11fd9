import type { Lifecycle } from '@throughline/model';
import type { ApiClient } from './read-back.ts';
import { wholeDefect } from './verify.ts';

/** By system, the lifecycle that shows what it does from begin to end. */
const LIFECYCLES = new Map([
  ['signals', 'tick_to_trade'],
  ['options', 'option_quote'],
  ['bot', 'bot_order'],
]);

const RETRY_MS = 500;
/** The newest of a list may still lack spans that are on their way. */
const LOOKED_AT_MAX = 50;

/** What a system besides the orders is judged by. */
export interface SystemProof {
  readonly system: string;
  /** The lifecycle's name. */
  readonly name: string;
  /** The one that is whole, or else the newest that is not; undefined when none has ended. */
  readonly lifecycle: Lifecycle | undefined;
  readonly defect: string | undefined;
}

export interface ProofOptions {
  /** Where the lifecycles of this run begin: a time that the API understands. */
  readonly start: string;
  readonly deadlineMs: number;
  /** Told, when it has to wait, which systems for. */
  readonly onWait: (systems: readonly string[]) => void;
}

/**
 * Looks for one whole lifecycle of each of these systems, until there is one or the time is over. Systems
 * that have no lifecycle of their own here are left out.
 */
export async function proveSystems(
  client: Pick<ApiClient, 'lifecycle' | 'lifecycles'>,
  systems: readonly string[],
  { start, deadlineMs, onWait }: ProofOptions,
): Promise<SystemProof[]> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const proofs = await Promise.all(
      systems.flatMap((system) => {
        const name = LIFECYCLES.get(system);
        return name === undefined ? [] : [proveOnce(client, system, name, start)];
      }),
    );
    const missing = proofs.filter(({ defect }) => defect !== undefined);
    if (missing.length === 0 || performance.now() > endMs) return proofs;
    onWait(missing.map(({ system }) => system));
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function proveOnce(
  client: Pick<ApiClient, 'lifecycle' | 'lifecycles'>,
  system: string,
  name: string,
  start: string,
): Promise<SystemProof> {
  try {
    const { rows } = await client.lifecycles({ name, start, limit: LOOKED_AT_MAX });
    const row = rows.find(({ complete }) => complete) ?? rows[0];
    if (!row) return { system, name, lifecycle: undefined, defect: 'none has ended' };
    const lifecycle = await client.lifecycle(name, [row.key]);
    return { system, name, lifecycle, defect: wholeDefect(lifecycle) };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { system, name, lifecycle: undefined, defect: `could not be read: ${message}` };
  }
}
