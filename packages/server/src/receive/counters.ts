import { type ErrorCode, nowNs, type StatusResponse } from '@throughline/model';

/**
 * What a receiver did with every request since the server started. Each request is either accepted
 * or rejected, never both and never neither, so `requests` is the sum of the two.
 */
export class IngestCounters {
  #accepted = 0;
  #spansAccepted = 0;
  #lastReceivedAt: bigint | undefined;
  readonly #rejected = new Map<ErrorCode, { requests: number; spans: number }>();

  /** The request's spans are in the journal, on disk. */
  accept(spanCount: number): void {
    this.#accepted += 1;
    this.#spansAccepted += spanCount;
    this.#lastReceivedAt = nowNs();
  }

  /** `spanCount` is 0 when the request was refused before its spans could be counted. */
  reject(reason: ErrorCode, spanCount: number): void {
    const sum = this.#rejected.get(reason) ?? { requests: 0, spans: 0 };
    sum.requests += 1;
    sum.spans += spanCount;
    this.#rejected.set(reason, sum);
  }

  /** The `ingest` part of `GET /api/status`; a copy, which later requests do not change. */
  snapshot(): StatusResponse['ingest'] {
    const rejected: StatusResponse['ingest']['rejected'] = {};
    let requests = this.#accepted;
    for (const [reason, sum] of this.#rejected) {
      rejected[reason] = { ...sum };
      requests += sum.requests;
    }
    return {
      requests,
      spansAccepted: this.#spansAccepted,
      rejected,
      ...(this.#lastReceivedAt === undefined ? {} : { lastReceivedAt: this.#lastReceivedAt }),
    };
  }
}
