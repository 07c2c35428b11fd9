import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { yearsToExpiry } from '../domain/contract.ts';
import { chainAsOf, generateChain, readChain } from './chain.ts';

function write(name: string, ...lines: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-chain-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

const NAME = 'option-chain-goog-20151224.csv';
const UNDERLYING = ',,,747.93,748.77,747.86,748.4000,106129';

test('a chain is read with its underlying, and without contracts that have no price', () => {
  const path = write(
    NAME,
    '#expiry,strike,right,open,high,low,close',
    UNDERLYING,
    '20151231,447.50,C,300.05,301.15,296.75,298.3000,0',
    '20160108,460,P,0,0,0,0,0',
  );
  expect(readChain(path)).toEqual({
    name: 'option-chain-goog-20151224',
    underlying: 'GOOG',
    spot: '748.4',
    quotedAt: new Date('2015-12-24T21:00:00Z'),
    entries: [
      { underlying: 'GOOG', expiry: '2015-12-31', strike: '447.5', right: 'C', price: '298.3' },
    ],
  });
});

test('what is no chain is refused by its name and line', () => {
  const paths = [
    write('quotes.csv', UNDERLYING),
    write(NAME, UNDERLYING, '20151231,450,X,1,1,1,1'),
    write(NAME, UNDERLYING),
    join(tmpdir(), 'nowhere', NAME),
  ];
  for (const path of paths) expect(() => readChain(path)).toThrow(path);
});

test('a generated chain is the same for the same seed', () => {
  expect(generateChain(7)).toEqual(generateChain(7));
  expect(generateChain(7)).not.toEqual(generateChain(8));
  expect(generateChain(7).entries.length).toBeGreaterThan(150);
});

test('a chain that is moved to today keeps the days between quote and expiry', () => {
  const chain = generateChain(1);
  const now = new Date('2030-06-01T10:00:00Z');
  const moved = chainAsOf(chain, now);
  expect(moved.quotedAt.getTime()).toBeGreaterThanOrEqual(now.getTime());
  expect(moved.entries.map((entry) => yearsToExpiry(entry, moved.quotedAt))).toEqual(
    chain.entries.map((entry) => yearsToExpiry(entry, chain.quotedAt)),
  );
});
