import { setTimeout as sleep } from 'node:timers/promises';

/** A service that says where its /metrics are. */
export interface Measured {
  readonly ready: { readonly service: string; readonly health: string };
}

/** A process' metrics at one moment, by name with labels as they are written. */
export class Metrics {
  readonly #values: ReadonlyMap<string, number>;

  private constructor(values: ReadonlyMap<string, number>) {
    this.#values = values;
  }

  static async of({ ready }: Measured): Promise<Metrics> {
    const text = await (await fetch(`${ready.health}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const pairs = lines.map((line): [string, number] => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    });
    return new Metrics(new Map(pairs));
  }

  /** Summed over all labels. @throws Error when there is no such metric: a name would prove nothing */
  sum(name: string): number {
    const found = [...this.#values].filter(([key]) => key === name || key.startsWith(`${name}{`));
    if (found.length === 0) throw new Error(`there is no metric ${name}`);
    return found.reduce((sum, [, value]) => sum + value, 0);
  }

  /** Of a metric that appears with its first count. */
  count(key: string): number {
    return this.#values.get(key) ?? 0;
  }
}

const WAIT_MS = 120_000;
const POLL_MS = 50;

/** Waits for what will become true, however slow the machine is. */
export async function untilSo(
  what: string,
  isDone: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS;
  while (!(await isDone())) {
    if (performance.now() > deadlineMs) throw new Error(`not in time: ${what}`);
    await sleep(POLL_MS);
  }
}

/** Waits until no service has a span to send, twice in a row with nothing in between. */
export async function untilQuiet(services: readonly Measured[]): Promise<void> {
  let before = -1;
  await untilSo('all spans are sent', async () => {
    const metrics = await Promise.all(services.map(Metrics.of));
    const total = (name: string) => metrics.reduce((sum, one) => sum + one.sum(name), 0);
    const ended = total('throughline_sdk_spans_ended_total');
    const isQuiet = ended === before && total('throughline_sdk_queue_spans') === 0;
    before = ended;
    await sleep(POLL_MS);
    return isQuiet;
  });
}

/** What the sdks of all services say of their messages and spans. */
export interface Counts {
  readonly withContext: number;
  readonly withoutContext: number;
  readonly malformed: number;
  readonly registryMisses: number;
  readonly linksDropped: number;
  readonly spansDropped: number;
  readonly spansMade: number;
}

export async function countsOf(services: readonly Measured[]): Promise<Counts> {
  const metrics = await Promise.all(services.map(Metrics.of));
  const total = (name: string): number =>
    metrics.reduce((sum, one) => sum + one.sum(`throughline_sdk_${name}`), 0);
  const consumed = (outcome: string) => total(`messages_consumed_total{outcome="${outcome}"}`);
  return {
    withContext: consumed('with_context'),
    withoutContext: consumed('without_context'),
    malformed: consumed('malformed'),
    registryMisses: total('registry_misses_total'),
    linksDropped: total('links_dropped_total'),
    spansDropped: total('spans_dropped_total'),
    spansMade: total('spans_ended_total'),
  };
}
