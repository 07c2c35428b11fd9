import { nanosecondsSchema } from '@throughline/model';
import { z } from 'zod';
import { BUCKET_TABLES } from '../retention/limits.ts';

/** Of the archive; another one is not read. */
export const BACKUP_FORMAT = 1;

/** The last entry of the archive: what came before it is whole when it is there and says so. */
export const MANIFEST_NAME = 'manifest.json';

/** Of a manifest: a file has a hundred bytes in it, a store a few thousand files. */
export const MANIFEST_BYTES_MAX = 256 * 1024 ** 2;

/** What else may be in an archive: nothing that leads out of the folder into which it is unpacked. */
const PATHS = [
  new RegExp(`^tables/(?:${BUCKET_TABLES.join('|')})/\\d+(?:_\\d+)+/[\\w.%-]+$`),
  /^quarantine\/[\w.-]+$/,
];

const fileSchema = z.object({
  path: z.string(),
  bytes: z.number().int(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type BackupFile = z.output<typeof fileSchema>;

export const manifestSchema = z.object({
  format: z.literal(BACKUP_FORMAT),
  /** Everything that was acknowledged before is in it. */
  begunAt: nanosecondsSchema,
  schemaVersion: z.number().int(),
  engineVersion: z.string(),
  /** Rows of each table. */
  rows: z.record(z.enum(BUCKET_TABLES), z.number().int()),
  files: z.array(fileSchema),
});
export type Manifest = z.output<typeof manifestSchema>;

export function isBackupPath(path: string): boolean {
  return PATHS.some((pattern) => pattern.test(path)) && !path.includes('..');
}
