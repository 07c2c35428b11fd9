import { randomBytes } from 'node:crypto';

export const SPANS_PER_TRACE = 20;

/** An OTLP/JSON request with one trace of {@link SPANS_PER_TRACE} spans. */
function request(traceId: string): string {
  const startNs = BigInt(Date.now()) * 1_000_000n;
  const spans = Array.from({ length: SPANS_PER_TRACE }, (_, index) => ({
    traceId,
    spanId: (index + 1).toString(16).padStart(16, '0'),
    ...(index === 0 ? {} : { parentSpanId: '1'.padStart(16, '0') }),
    name: `step ${index}`,
    kind: 1,
    startTimeUnixNano: `${startNs + BigInt(index)}`,
    endTimeUnixNano: `${startNs + 1000n}`,
    attributes: [{ key: 'client.order_id', value: { stringValue: traceId } }],
  }));
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'sender' } }] };
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
}

/** Sends traces over several connections and remembers which were acknowledged. */
export class Sender {
  readonly acknowledged = new Set<string>();
  /** Answers other than 200, by status; connections that broke count as 0. */
  readonly refused = new Map<number, number>();
  readonly #url: string;
  readonly #loops: Promise<void>[];
  #running = true;

  constructor(otlpHttp: string, connections = 6) {
    this.#url = `${otlpHttp}/v1/traces`;
    this.#loops = Array.from({ length: connections }, () => this.#loop());
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
  }

  async #loop(): Promise<void> {
    while (this.#running) {
      const traceId = randomBytes(16).toString('hex');
      const status = await this.#send(traceId);
      if (status === 200) this.acknowledged.add(traceId);
      else this.refused.set(status, (this.refused.get(status) ?? 0) + 1);
      if (status === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #send(traceId: string): Promise<number> {
    try {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(this.#url, { method: 'POST', headers, body: request(traceId) });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  }
}
