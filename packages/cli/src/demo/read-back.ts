import {
  errorResponseSchema,
  type Lifecycle,
  type LifecyclesQuery,
  type LifecyclesResponse,
  lifecycleSchema,
  lifecyclesResponseSchema,
  ThroughlineError,
} from '@throughline/model';
import type { ClientOrder } from './load.ts';
import { defect } from './verify.ts';

const REQUEST_DEADLINE_MS = 15_000;
const RETRY_MS = 250;
const READERS = 4;

/** Reads from the server's HTTP API, as any client would. */
export class ApiClient {
  readonly #uiUrl: string;
  readonly #headers: Record<string, string>;

  constructor(uiUrl: string, token: string | undefined) {
    this.#uiUrl = uiUrl;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** @throws ThroughlineError with the code of the answer, such as `TL_LIFECYCLE_NOT_FOUND` */
  async lifecycle(name: string, key: readonly string[]): Promise<Lifecycle> {
    const path = [name, ...key].map(encodeURIComponent).join('/');
    return lifecycleSchema.parse(await this.#get(`/api/lifecycles/${path}`));
  }

  async lifecycles(query: Partial<LifecyclesQuery>): Promise<LifecyclesResponse> {
    const words = Object.entries(query).map(([name, value]): [string, string] => [
      name,
      `${value}`,
    ]);
    const search = new URLSearchParams(words);
    return lifecyclesResponseSchema.parse(await this.#get(`/api/lifecycles?${search}`));
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(`${this.#uiUrl}${path}`, {
      headers: this.#headers,
      signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
    });
    const body: unknown = await response.json();
    if (response.ok) return body;
    const { error } = errorResponseSchema.parse(body);
    throw new ThroughlineError(error.code, error.message, error.hint ? { hint: error.hint } : {});
  }
}

/** `lifecycle` is undefined when the order could not be read at all. */
export interface ReadOrder {
  order: ClientOrder;
  lifecycle: Lifecycle | undefined;
  defect: string | undefined;
}

/**
 * Reads every order back and judges it. Spans arrive a moment after the client has its answer, so an
 * order that is not whole is read again until the deadline.
 */
export async function readBack(
  client: ApiClient,
  orders: readonly ClientOrder[],
  options: { deadlineMs: number; onProgress: (read: number) => void },
): Promise<ReadOrder[]> {
  const endMs = performance.now() + options.deadlineMs;
  const results: ReadOrder[] = [];
  const pending = orders.values();
  const readRest = async (): Promise<void> => {
    for (const order of pending) {
      results.push(await readUntilWhole(client, order, endMs));
      options.onProgress(results.length);
    }
  };
  await Promise.all(Array.from({ length: READERS }, readRest));
  return results;
}

async function readUntilWhole(
  client: ApiClient,
  order: ClientOrder,
  endMs: number,
): Promise<ReadOrder> {
  for (;;) {
    const result = await readOnce(client, order);
    if (result.defect === undefined || performance.now() > endMs) return result;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function readOnce(client: ApiClient, order: ClientOrder): Promise<ReadOrder> {
  try {
    const lifecycle = await client.lifecycle('order', [order.user_id, order.client_order_id]);
    return { order, lifecycle, defect: defect(order, lifecycle) };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { order, lifecycle: undefined, defect: `could not be read: ${message}` };
  }
}
