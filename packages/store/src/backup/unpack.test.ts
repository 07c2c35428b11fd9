import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { type Headers, pack } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unpackBackup } from './unpack.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'unpack-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const PART = 'tables/spans/1700000000_1_1_0';
const FILES: Record<string, Buffer> = {
  [`${PART}/count.txt`]: Buffer.from('10'),
  [`${PART}/data.bin`]: Buffer.alloc(70_000, 7),
  [`${PART}/attributes_string%2Ekeys.bin`]: Buffer.alloc(0),
  'quarantine/00000000000001-0000000001-0a0b0c0d.segment': Buffer.from('bad'),
};

function manifestOf(files: Record<string, Buffer>): object {
  return {
    format: 1,
    begunAt: '1700000000000000000',
    schemaVersion: 1,
    engineVersion: '26.7',
    rows: { origins: 1, spans: 10, trace_links: 0, correlation: 0, lifecycle_spans: 0 },
    files: Object.entries(files).map(([path, content]) => ({
      path,
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    })),
  };
}

type Entry = [Headers, (Buffer | string)?];

async function archiveOf(entries: Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const [header, content] of entries) archive.entry(header, content ?? '');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function entriesOf(files: Record<string, Buffer>): Entry[] {
  return Object.entries(files).map(([name, content]) => [{ name }, content]);
}

function manifestEntry(manifest: object): Entry {
  return [{ name: 'manifest.json' }, JSON.stringify(manifest)];
}

const unpack = (archive: Buffer) => unpackBackup(Readable.from([archive]), dir, () => undefined);

test('a whole backup is unpacked as it was packed', async () => {
  const archive = await archiveOf([...entriesOf(FILES), manifestEntry(manifestOf(FILES))]);
  let bytes = 0;
  const manifest = await unpackBackup(Readable.from([archive]), dir, (more) => {
    bytes += more;
  });
  expect(bytes).toBe(archive.length);
  expect(manifest).toMatchObject({ begunAt: 1_700_000_000_000_000_000n, rows: { spans: 10 } });
  for (const [name, content] of Object.entries(FILES)) {
    expect(readFileSync(join(dir, name)).equals(content)).toBe(true);
  }
});

const EVIL = Buffer.from('evil');
const manifest = manifestEntry(manifestOf(FILES));
const others = entriesOf(FILES);

test.each<[string, Entry[], string]>([
  ['without a manifest', others, 'ends before its manifest'],
  ['with a manifest that is none', [...others, manifestEntry({ format: 2 })], 'its manifest'],
  ['with a file missing', [...others.slice(1), manifest], 'count.txt is missing'],
  [
    'with a file too many',
    [...others, ...entriesOf({ [`${PART}/x`]: EVIL }), manifest],
    'not name',
  ],
  ['with a file twice', [...others, ...others.slice(0, 1), manifest], 'out of place'],
  [
    'with a file behind the manifest',
    [...others, manifest, ...entriesOf({ [`${PART}/x`]: EVIL })],
    'out of place',
  ],
  [
    'with another content',
    [...entriesOf({ ...FILES, [`${PART}/count.txt`]: Buffer.from('11') }), manifest],
    'damaged',
  ],
  [
    'with a link',
    [[{ name: `${PART}/x`, type: 'symlink', linkname: '/etc' }], manifest],
    'out of place',
  ],
  ...[
    '../evil',
    `${PART}/../../../../evil`,
    '/tmp/evil',
    'tables/users/1_1_1_0/x',
    'quarantine/..',
  ].map((name): [string, Entry[], string] => [
    `with ${name}`,
    [[{ name }, EVIL], manifest],
    'belong',
  ]),
])('an archive %s is refused', async (_, entries, reason) => {
  await expect(unpack(await archiveOf(entries))).rejects.toMatchObject({
    code: 'TL_BACKUP_INVALID',
    message: expect.stringContaining(reason),
  });
});

test('an archive that ends anywhere, or has any byte changed, is refused or is still whole', async () => {
  const small = {
    [`${PART}/count.txt`]: Buffer.from('10'),
    [`${PART}/data.bin`]: Buffer.alloc(600, 7),
  };
  const archive = await archiveOf([...entriesOf(small), manifestEntry(manifestOf(small))]);
  // Behind the manifest there is only what marks the end.
  const endsAt = archive.lastIndexOf('}') + 1;
  const place = fc.nat(endsAt - 1);
  await fc.assert(
    fc.asyncProperty(
      place,
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      async (at, bits, cut) => {
        const damaged = cut ? archive.subarray(0, at) : Buffer.from(archive);
        if (!cut) damaged.writeUInt8(damaged.readUInt8(at) ^ bits, at);
        rmSync(dir, { recursive: true, force: true });
        try {
          await unpack(damaged);
        } catch (error) {
          expect(error).toMatchObject({ code: 'TL_BACKUP_INVALID' });
          return;
        }
        expect(cut).toBe(false);
        for (const [name, content] of Object.entries(small)) {
          expect(readFileSync(join(dir, name)).equals(content)).toBe(true);
        }
        expect(readdirSync(dir)).toEqual(['tables']);
      },
    ),
    { numRuns: 150 },
  );
});
