import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../test/support/process.ts';

const SENDER = join(ROOT, 'bench/support/span-sender.ts');

export type Protocol = 'otlp-http' | 'otlp-grpc';

export interface SendTask {
  readonly protocol: Protocol;
  /** `http://HOST:PORT`, without a path. */
  readonly endpoint: string;
  /** The path of a recording that was saved. */
  readonly recording: string;
  /** Of the ids: the same seed and round give the same ones. */
  readonly seed: string;
  /** Where the times of round 0 begin, in nanoseconds. */
  readonly startNs: string;
  /** Requests that wait for their answer at once, shared by the connections. */
  readonly inFlight: number;
  readonly connections: number;
  /** As fast as answers come, when absent. */
  readonly spansPerSecond?: number;
  /** How long to send; or which rounds of the recording, half-open. */
  readonly seconds?: number;
  readonly rounds?: { readonly from: number; readonly until: number };
}

/** What a sender did. A request that was refused and sent again counts once, and its refusals apart. */
export interface Sent {
  readonly requests: number;
  /** Acknowledged. */
  readonly spans: number;
  readonly rounds: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  readonly cpuS: number;
  readonly answerP50Ms: number;
  readonly answerP99Ms: number;
}

/** Sends in a process of its own. */
export async function sendSpans(task: SendTask): Promise<Sent> {
  const args = [SENDER, JSON.stringify(task)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}
