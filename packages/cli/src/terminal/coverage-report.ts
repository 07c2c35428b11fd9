import { type CoverageResponse, formatAge, formatCoverage, type Hop } from '@throughline/model';
import { bold, dim, yellow } from './style.ts';
import { aligned, count, many, printable } from './text.ts';

const HEAD = [
  'Coverage',
  'messages',
  'missing',
  'malformed',
  'missed',
  'orphaned',
  'hop',
  'transport',
];

/** Where messages lose their trace context, for a person: the worst hop first. */
export function coverageReport(response: CoverageResponse): string {
  const { start, end, total, hops, truncated } = response;
  if (hops.length === 0) return `No messages in ${formatAge(end - start)}.`;
  const [head = '', ...rows] = aligned([HEAD, ...hops.map(cellsOf)], new Set([0, 1, 2, 3, 4, 5]));
  const [worst] = hops;
  const isWhole = worst === undefined || worst.coverage === 1;
  return [
    `${formatCoverage(total)} of ${many(total.consumed, 'message')} in ${formatAge(end - start)} had a usable context`,
    '',
    bold(head),
    ...rows.map((row, index) => (hops[index]?.coverage === 1 ? row : yellow(row))),
    ...(truncated ? [dim('There is more than is counted: give a shorter range.')] : []),
    ...(isWhole ? [] : ['', `One that lost it: trace ${worst.exampleTraceId}`]),
  ].join('\n');
}

function cellsOf(hop: Hop): string[] {
  const { producer = '?', consumer, destination, transport } = hop;
  const names = [producer, destination === '' ? '(temporary)' : destination, consumer];
  return [
    formatCoverage(hop),
    ...[hop.consumed, hop.missing, hop.malformed, hop.missed, hop.orphaned].map(count),
    names.map(printable).join(' -> '),
    printable(transport),
  ];
}
