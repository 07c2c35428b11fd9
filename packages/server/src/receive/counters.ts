import {
  type ErrorCode,
  nowNs,
  type StatusResponse,
  type ThroughlineError,
} from '@throughline/model';
import { errorText } from './error-text.ts';

/** Refusals that are remembered; a flood of them pushes out the oldest. */
const REFUSALS_MAX = 50;
/** Of what strangers may write into them. */
const SENDER_CHARS_MAX = 200;
const MESSAGE_CHARS_MAX = 1_000;

/** How spans come in; the names are those of `GET /api/status`. */
export type Protocol =
  | 'otlp-http'
  | 'otlp-grpc'
  | 'jaeger-compact'
  | 'jaeger-binary'
  | 'jaeger-http'
  | 'zipkin';

/** Who sent what was refused, as {@link senderText} writes it, and how many spans it held. */
export interface RefusedFrom {
  sender: string;
  /** 0 when it was refused before its spans could be counted. */
  spanCount: number;
}

/**
 * What one receiver reports. Each request is either accepted or refused, never both and never
 * neither.
 */
export interface ReceiverCounters {
  /** A request whose spans, this many, are in the journal, on disk. */
  accept(spanCount: number): void;
  /** A request of which nothing was kept. */
  reject(error: ThroughlineError, from: RefusedFrom): void;
  /** Spans that were left out of a request that is accepted; none of them makes it a warning. */
  leaveOut(error: ThroughlineError, from: RefusedFrom): void;
}

type Ingest = StatusResponse['ingest'];
type Refusal = Ingest['refusals'][number];
type Sum = Ingest['rejected'][string];

/** What all receivers did with every request since the server started. */
export class IngestCounters {
  readonly #protocols = new Map<Protocol, Tally>();
  /** Newest first. */
  readonly #refusals: Refusal[] = [];

  /** The counters of one receiver; the same ones for the same protocol. */
  of(protocol: Protocol): ReceiverCounters {
    const tally = this.#protocols.get(protocol) ?? new Tally();
    this.#protocols.set(protocol, tally);
    return {
      accept: (spanCount) => tally.accept(spanCount),
      reject: (error, from) => {
        tally.refuse(error.code, { requests: 1, spans: from.spanCount });
        this.#remember(protocol, error, from);
      },
      leaveOut: (error, from) => {
        if (from.spanCount > 0) {
          tally.refuse(error.code, { requests: 0, spans: from.spanCount });
        }
        this.#remember(protocol, error, from);
      },
    };
  }

  /** The `ingest` part of `GET /api/status`; a copy, which later requests do not change. */
  snapshot(): Ingest {
    const total = new Tally();
    const protocols: Ingest['protocols'] = {};
    for (const [protocol, tally] of this.#protocols) {
      total.add(tally);
      protocols[protocol] = tally.snapshot();
    }
    return {
      ...total.snapshot(),
      protocols,
      refusals: this.#refusals.map((refusal) => ({ ...refusal })),
    };
  }

  /** One sender that repeats itself takes one place, so that it does not hide the others. */
  #remember(protocol: Protocol, error: ThroughlineError, from: RefusedFrom): void {
    const sender = from.sender.slice(0, SENDER_CHARS_MAX);
    const message = errorText(error).slice(0, MESSAGE_CHARS_MAX);
    const known = this.#refusals.findIndex(
      (refusal) =>
        refusal.sender === sender &&
        refusal.message === message &&
        refusal.code === error.code &&
        refusal.protocol === protocol,
    );
    const before = known < 0 ? undefined : this.#refusals.splice(known, 1)[0];
    this.#refusals.unshift({
      at: nowNs(),
      protocol,
      sender,
      code: error.code,
      message,
      spans: (before?.spans ?? 0) + from.spanCount,
      count: (before?.count ?? 0) + 1,
    });
    this.#refusals.length = Math.min(this.#refusals.length, REFUSALS_MAX);
  }
}

/** The sums of one protocol, or of all. */
class Tally {
  #accepted = 0;
  #spansAccepted = 0;
  /** Since the Unix epoch; 0 before the first. */
  #lastReceivedNs = 0n;
  readonly #rejected = new Map<ErrorCode, Sum>();

  accept(spanCount: number): void {
    this.#accepted += 1;
    this.#spansAccepted += spanCount;
    this.#lastReceivedNs = nowNs();
  }

  refuse(code: ErrorCode, { requests, spans }: Sum): void {
    const sum = this.#rejected.get(code) ?? { requests: 0, spans: 0 };
    sum.requests += requests;
    sum.spans += spans;
    this.#rejected.set(code, sum);
  }

  add(other: Tally): void {
    this.#accepted += other.#accepted;
    this.#spansAccepted += other.#spansAccepted;
    if (other.#lastReceivedNs > this.#lastReceivedNs) this.#lastReceivedNs = other.#lastReceivedNs;
    for (const [code, sum] of other.#rejected) this.refuse(code, sum);
  }

  snapshot(): Ingest['protocols'][string] {
    const sums = [...this.#rejected].map(([code, sum]) => [code, { ...sum }] as const);
    const refused = sums.reduce((requests, [, sum]) => requests + sum.requests, 0);
    return {
      requests: this.#accepted + refused,
      spansAccepted: this.#spansAccepted,
      rejected: Object.fromEntries(sums),
      ...(this.#lastReceivedNs === 0n ? {} : { lastReceivedAt: this.#lastReceivedNs }),
    };
  }
}

/** A sender as the refusals name it: `127.0.0.1 (user-agent)`, on one line whatever it calls itself. */
export function senderText(address: string | undefined, userAgent: string | undefined): string {
  const name = userAgent?.slice(0, SENDER_CHARS_MAX).replace(/[^\x20-\x7e]/g, '?');
  return name === undefined ? `${address ?? 'unknown'}` : `${address ?? 'unknown'} (${name})`;
}
