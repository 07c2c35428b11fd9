import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Random } from '../random.ts';
import { type FaultOptions, Faults } from './faults.ts';
import { ReportFaults } from './report-faults.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function stream(options: Partial<FaultOptions> = {}) {
  const sent: string[] = [];
  const faults = new ReportFaults(new Faults(new Random(1), options), (event) => sent.push(event));
  return { sent, faults };
}

test('without faults, reports go out at once and once', () => {
  const { sent, faults } = stream();
  for (const event of ['a', 'b', 'c']) faults.pass(event);
  vi.runAllTimers();
  expect(sent).toEqual(['a', 'b', 'c']);
});

test('a report that is held back is overtaken by the next, and none is lost', () => {
  const { sent, faults } = stream({ reorderProbability: 1 });
  for (const event of ['a', 'b', 'c']) faults.pass(event);
  expect(sent).toEqual(['b', 'a']);
  vi.runAllTimers();
  expect(sent).toEqual(['b', 'a', 'c']);
});

test('a repeated report comes again, later', () => {
  const { sent, faults } = stream({ repeatProbability: 1 });
  for (const event of ['a', 'b']) faults.pass(event);
  expect(sent).toEqual(['a', 'b']);
  vi.runAllTimers();
  expect(sent.toSorted()).toEqual(['a', 'a', 'b', 'b']);
});

test('nothing comes after the close', () => {
  const { sent, faults } = stream({ repeatProbability: 1, reorderProbability: 1 });
  for (const event of ['a', 'b', 'c']) faults.pass(event);
  const before = sent.length;
  faults.close();
  vi.runAllTimers();
  expect(sent).toHaveLength(before);
});
