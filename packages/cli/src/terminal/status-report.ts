import {
  type Finding,
  findingsOf,
  formatAge,
  formatBytes,
  formatDuration,
  NS_PER_MS,
  protocolName,
  receiverSums,
  type StatusResponse,
} from '@throughline/model';
import { bold, dim, green, red, yellow } from './style.ts';
import { aligned, count, many, printable } from './text.ts';

const REFUSALS_SHOWN = 5;
const NAME_WIDTH = 12;

const COLOURS: Readonly<Record<Finding['level'], (text: string) => string>> = {
  bad: red,
  warn: yellow,
  good: green,
  calm: bold,
};

/** The status of a server for a person: what it is doing first, then what it has done. */
export function statusReport(status: StatusResponse, origin: string): string {
  const up = formatAge(status.at - status.startedAt);
  return [
    `Throughline ${printable(status.version)} at ${origin}, up ${up}`,
    ...findingsOf(status).map(findingText),
    '',
    ...receivers(status),
    '',
    ...refusals(status),
    line('Journal', journal(status)),
    line('Store', store(status)),
    line('Set aside', setAside(status)),
    line('Engine', engine(status)),
  ].join('\n');
}

function findingText({ level, label, text }: Finding): string {
  return `${COLOURS[level](label)}: ${printable(text)}`;
}

function line(name: string, text: string): string {
  return `${bold(name.padEnd(NAME_WIDTH))} ${text}`;
}

function receivers(status: StatusResponse): string[] {
  const rows = receiverSums(status).map((receiver) => [
    receiver.name,
    count(receiver.requests),
    count(receiver.requestsRefused),
    count(receiver.spansAccepted),
    count(receiver.spansRefused),
    receiver.lastReceivedAt === undefined
      ? 'never'
      : `${formatAge(status.at - receiver.lastReceivedAt)} ago`,
    printable(receiver.endpoint),
  ]);
  const head = ['Receiving', 'requests', 'refused', 'spans', 'refused', 'last', 'address'];
  const [first = '', ...others] = aligned([head, ...rows], new Set([1, 2, 3, 4, 5]));
  return [bold(first), ...others];
}

function refusals({ at, ingest }: StatusResponse): string[] {
  const all = ingest.refusals;
  if (all.length === 0) return [line('Refusals', 'none since the start')];
  const shown = all.slice(0, REFUSALS_SHOWN);
  const more = all.length - shown.length;
  return [
    line('Refusals', 'newest first'),
    ...shown.flatMap((refusal) => [
      `  ${formatAge(at - refusal.at)} ago, ${printable(protocolName(refusal.protocol))} from ` +
        `${printable(refusal.sender)}: ${many(refusal.count, 'time')}, ${many(refusal.spans, 'span')}`,
      `    ${yellow(printable(refusal.code))} ${printable(refusal.message)}`,
    ]),
    ...(more > 0 ? [dim(`  and ${more} more: the page /server, or --json`)] : []),
  ];
}

function journal({ journal: { segments, bytes, bytesMax, lagMs } }: StatusResponse): string {
  const waiting = `${formatBytes(bytes)} of ${formatBytes(bytesMax)}, ${many(segments, 'segment')}`;
  if (lagMs === 0) return waiting;
  return `${waiting}, behind by ${formatDuration(BigInt(Math.round(lagMs)) * NS_PER_MS)}`;
}

/** Tables and disk are measured once a minute, so they may not have what was stored just now. */
function store({ at, store: { spansLoaded }, retention }: StatusResponse): string {
  const { tables, diskBytes, diskBytesMax, prunings } = retention;
  const rows = tables.find(({ name }) => name === 'spans')?.rows ?? 0;
  const most = diskBytesMax === undefined ? '' : ` of ${formatBytes(diskBytesMax)}`;
  const [latest] = prunings;
  const pruned = latest
    ? `last pruned ${formatAge(at - latest.at)} ago (${latest.reason})`
    : 'nothing pruned yet';
  const measured = `a minute ago ${many(rows, 'span')} in ${formatBytes(diskBytes)}${most}`;
  return `${many(spansLoaded, 'span')} since the start; ${measured}; ${pruned}`;
}

function setAside({ store: { recordsQuarantined, quarantine } }: StatusResponse): string {
  const [latest] = quarantine;
  if (recordsQuarantined === 0) return 'nothing';
  const reason = latest ? `; the last: ${printable(latest.reason)}` : '';
  return `${many(recordsQuarantined, 'record')}${reason}`;
}

function engine({ engine: { state, restarts, version }, memory }: StatusResponse): string {
  const engineMemory = memory.engineBytes > 0 ? `${formatBytes(memory.engineBytes)}, ` : '';
  const words = `${state}, ${many(restarts, 'restart')}, ClickHouse ${printable(version)}`;
  return `${words}, ${engineMemory}server ${formatBytes(memory.serverBytes)}`;
}
