import { formatBytes } from '../size.ts';
import { formatAge, NS_PER_MS, NS_PER_S } from '../time.ts';
import { protocolName } from './receivers.ts';
import type { StatusResponse } from './status.ts';

/** Something that the status says, for people. */
export interface Finding {
  /** `bad`: spans or answers are missing now. `warn`: they may be soon, or some are. */
  level: 'bad' | 'warn' | 'good' | 'calm';
  /** The part of the status in which there is more. */
  about: 'engine' | 'journal' | 'refusals' | 'store' | 'set-aside' | 'receiving' | 'warnings';
  /** In a word or two. */
  label: string;
  /** What is so, and what to do about it. May be text of a stranger. */
  text: string;
}

/** After so long without a refusal, or without spans, it is no longer what happens now. */
const REFUSING_NS = 300n * NS_PER_S;
const RECEIVING_NS = 60n * NS_PER_S;
/** Segments are stored within seconds; what waits for longer waits for something. */
const LAG_MS_MAX = 60_000;
const JOURNAL_SHARE_MAX = 0.8;
const DISK_SHARE_MAX = 0.9;
const DISK_FULL_NS = 3_600n * NS_PER_S;

/** Whether spans can be taken and read: what `/readyz` answers. */
export function isReady({ engine, journal }: Pick<StatusResponse, 'engine' | 'journal'>): boolean {
  return engine.state === 'ready' && !isFull(journal);
}

/**
 * What the status says, worst first: the first one is the state of the whole, and while the server is
 * not ready, the reason. There is always one.
 */
export function findingsOf(status: StatusResponse): Finding[] {
  const findings = [
    engineFinding(status),
    journalFinding(status),
    refusalFinding(status),
    receivingFinding(status),
    diskFinding(status),
    setAsideFinding(status),
    storeFinding(status),
    warningsFinding(status),
  ].filter((finding) => finding !== undefined);
  return findings.sort((left, right) => RANKS[left.level] - RANKS[right.level]);
}

const RANKS: Readonly<Record<Finding['level'], number>> = { bad: 0, warn: 1, good: 2, calm: 2 };

function isFull({ bytes, bytesMax }: StatusResponse['journal']): boolean {
  return bytes >= bytesMax;
}

function engineFinding({ engine }: StatusResponse): Finding | undefined {
  if (engine.state === 'ready') return undefined;
  const text =
    engine.state === 'stopped'
      ? 'Nothing is stored, and nothing can be read: start the server again.'
      : 'Spans are kept in the journal until it is back; nothing can be read till then.';
  return { level: 'bad', about: 'engine', label: `Engine ${engine.state}`, text };
}

function journalFinding({ journal }: StatusResponse): Finding | undefined {
  const { bytes, bytesMax, lagMs } = journal;
  if (isFull(journal)) {
    const text =
      'Senders are told to come again until the engine has caught up. If it works, raise --journal-max.';
    return { level: 'bad', about: 'journal', label: 'Journal full', text };
  }
  if (bytes > bytesMax * JOURNAL_SHARE_MAX) {
    const waiting = `${formatBytes(bytes)} of ${formatBytes(bytesMax)}`;
    const text = `${waiting} wait for the engine; when it is full, senders are told to come again.`;
    return { level: 'warn', about: 'journal', label: 'Journal nearly full', text };
  }
  if (lagMs <= LAG_MS_MAX) return undefined;
  const age = formatAge(BigInt(Math.round(lagMs)) * NS_PER_MS);
  const text = `The oldest span that waits to be stored came ${age} ago: the log says why.`;
  return { level: 'warn', about: 'journal', label: 'Store behind', text };
}

function refusalFinding({ at, ingest }: StatusResponse): Finding | undefined {
  // A defect for which nothing was left out is remembered, but not counted.
  const latest = ingest.refusals.find(({ code }) => Object.hasOwn(ingest.rejected, code));
  if (!latest) return undefined;
  if (ingest.lastReceivedAt === undefined) {
    const text = 'Nothing that came could be kept: the refusals say why, and what to do.';
    return { level: 'bad', about: 'refusals', label: 'Refusing everything', text };
  }
  const ageNs = at - latest.at;
  if (ageNs > REFUSING_NS) return undefined;
  const address = latest.sender.split(' (', 1).join();
  const from = `${protocolName(latest.protocol)} from ${address}`;
  const text = `${latest.code} ${formatAge(ageNs)} ago, ${from}: the refusals say what to do.`;
  return { level: 'warn', about: 'refusals', label: 'Refusing', text };
}

function diskFinding({ at, retention }: StatusResponse): Finding | undefined {
  const { diskBytes, diskBytesMax, prunings } = retention;
  const [latest] = prunings;
  if (latest?.reason === 'disk' && at - latest.at < DISK_FULL_NS) {
    const age = formatAge(at - latest.at);
    const text = `The file system has no room: the oldest spans went before their time, ${age} ago.`;
    return { level: 'warn', about: 'store', label: 'Disk nearly full', text };
  }
  if (diskBytesMax === undefined || diskBytes <= diskBytesMax * DISK_SHARE_MAX) return undefined;
  const used = `${formatBytes(diskBytes)} of ${formatBytes(diskBytesMax)} (--max-disk) are used`;
  const text = `${used}: the oldest spans go first.`;
  // Where the size decides what is kept, this is how it always is.
  const level = diskBytes > diskBytesMax ? 'warn' : 'calm';
  return { level, about: 'store', label: 'Disk nearly full', text };
}

function setAsideFinding({ store }: StatusResponse): Finding | undefined {
  const { recordsQuarantined } = store;
  if (recordsQuarantined === 0) return undefined;
  const records = recordsQuarantined === 1 ? '1 record' : `${recordsQuarantined} records`;
  const text = `${records} could not be stored: the list says why.`;
  return { level: 'warn', about: 'set-aside', label: 'Set aside', text };
}

function storeFinding({ store }: StatusResponse): Finding | undefined {
  const [first] = store.warnings;
  if (first === undefined) return undefined;
  return { level: 'warn', about: 'warnings', label: 'Stored data', text: first };
}

function receivingFinding({ at, ingest, endpoints }: StatusResponse): Finding | undefined {
  const { lastReceivedAt, requests } = ingest;
  if (lastReceivedAt === undefined) {
    if (requests > 0) return undefined;
    const text = `Point a service here: OTEL_EXPORTER_OTLP_ENDPOINT=${endpoints.otlpHttp}`;
    return { level: 'calm', about: 'receiving', label: 'Nothing received yet', text };
  }
  const ageNs = at - lastReceivedAt;
  const label = ageNs > RECEIVING_NS ? 'Ready' : 'Receiving';
  const text = `The last spans came ${formatAge(ageNs)} ago.`;
  return { level: 'good', about: 'receiving', label, text };
}

function warningsFinding({ warnings }: StatusResponse): Finding | undefined {
  const [first, ...more] = warnings;
  if (first === undefined) return undefined;
  const text = more.length === 0 ? first : `${first} And ${more.length} more.`;
  return { level: 'calm', about: 'warnings', label: 'Note', text };
}
