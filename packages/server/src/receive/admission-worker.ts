/** The thread of `admission.ts`: admits one request after the other. */
import { parentPort } from 'node:worker_threads';
import { ThroughlineError } from '@throughline/model';
import type { AdmissionResult, AdmissionTask } from './admission.ts';
import { FORMATS } from './formats.ts';

function perform({ bytes, format }: AdmissionTask): AdmissionResult {
  try {
    const { record, spanCount, rejected } = FORMATS[format].admit(bytes);
    // A copy of its own memory, which can go over whatever the record is a part of.
    const result = { record: new Uint8Array(record), spanCount };
    if (rejected === undefined) return result;
    return { ...result, rejected: { spans: rejected.spans, error: plain(rejected.error) } };
  } catch (error) {
    if (error instanceof ThroughlineError) return { error: plain(error) };
    throw error;
  }
}

function plain({ code, message, hint }: ThroughlineError) {
  return { code, message, hint };
}

parentPort?.on('message', (task: AdmissionTask) => {
  const result = perform(task);
  const memory = 'record' in result ? [result.record.buffer as ArrayBuffer] : [];
  parentPort?.postMessage(result, memory);
});
