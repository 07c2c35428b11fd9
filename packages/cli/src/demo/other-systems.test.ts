import type { Lifecycle, LifecycleRow, LifecyclesResponse } from '@throughline/model';
import { expect, test } from 'vitest';
import { proveSystems } from './other-systems.ts';

const OPTIONS = { start: '2026-01-01T00:00:00Z', deadlineMs: 60_000, onWait: () => undefined };

function lifecycleOf(name: string, key: string, change: Partial<Lifecycle> = {}): Lifecycle {
  const segment = { fromNs: 10n, toNs: 20n, kind: 'work', label: 'signal', slackNs: 0n } as const;
  return {
    ...{ name, key, begin: 10n, end: 20n, durationNs: 10n, status: 'filled', complete: true },
    ...{ truncated: false, warnings: [], attributes: {}, spans: [], edges: [], siblings: [] },
    ...{ segments: [segment], stages: [{ label: 'signal', kind: 'work', ns: 10n }] },
    ...change,
  };
}

function rowOf({ name, key, begin, end, durationNs, status, complete, ...rest }: Lifecycle) {
  const { attributes, stages } = rest;
  const row: LifecycleRow = {
    ...{ name, key, begin, end, durationNs, status, complete, attributes, stages, flags: [] },
  };
  return row;
}

/** A server that has these lifecycles, the first of each name newest. */
function clientOf(lifecycles: readonly Lifecycle[]) {
  return {
    asked: 0,
    async lifecycles({ name }: { name?: string }): Promise<LifecyclesResponse> {
      this.asked += 1;
      const rows = lifecycles.filter((one) => one.name === name).map(rowOf);
      return { rows, total: rows.length };
    },
    async lifecycle(name: string, [key]: readonly string[]): Promise<Lifecycle> {
      const found = lifecycles.find((one) => one.name === name && one.key === key);
      return found ?? expect.unreachable(`no ${name} ${key}`);
    },
  };
}

test('one whole lifecycle proves a system, and systems without one of their own need none', async () => {
  const client = clientOf([
    lifecycleOf('tick_to_trade', 't2', { complete: false }),
    lifecycleOf('tick_to_trade', 't1'),
    lifecycleOf('bot_order', 'b1'),
  ]);
  const proofs = await proveSystems(client, ['-', 'orders', 'signals', 'bot'], OPTIONS);
  expect(proofs.map(({ system, lifecycle, defect }) => [system, lifecycle?.key, defect])).toEqual([
    ['signals', 't1', undefined],
    ['bot', 'b1', undefined],
  ]);
});

test('what is not whole is waited for, and then it is said what is wrong', async () => {
  const holed = { segments: [] };
  const client = clientOf([
    lifecycleOf('bot_order', 'b1', { complete: false }),
    lifecycleOf('option_quote', 'q1', holed),
  ]);
  const waited: string[][] = [];
  const options = {
    ...OPTIONS,
    deadlineMs: 1,
    onWait: (all: readonly string[]) => waited.push([...all]),
  };
  const proofs = await proveSystems(client, ['signals', 'options', 'bot'], options);
  expect(proofs.map(({ defect }) => defect)).toEqual([
    'none has ended',
    'has segments that end at 10, not at 20',
    'is not complete',
  ]);
  for (const systems of waited) expect(systems).toEqual(['signals', 'options', 'bot']);
});

test('what comes late is found', async () => {
  const lifecycles: Lifecycle[] = [];
  const onWait = () => lifecycles.push(lifecycleOf('bot_order', 'late'));
  const client = clientOf(lifecycles);
  const [proof] = await proveSystems(client, ['bot'], { ...OPTIONS, onWait });
  expect(proof).toMatchObject({ lifecycle: { key: 'late' }, defect: undefined });
  expect(client.asked).toBe(2);
});

test('a server that fails is a defect, not an end', async () => {
  const client = {
    lifecycles: () => Promise.reject(new Error('the engine restarts')),
    lifecycle: () => Promise.reject(new Error('not asked')),
  };
  const [proof] = await proveSystems(client, ['bot'], { ...OPTIONS, deadlineMs: 0 });
  expect(proof?.defect).toBe('could not be read: the engine restarts');
});
