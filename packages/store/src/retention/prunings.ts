import { readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Pruning, pruningSchema } from '@throughline/model';
import { z } from 'zod';
import { syncDir, writeSynced } from '../journal/disk.ts';

const PRUNINGS_MAX = 50;

const fileSchema = z.object({
  lifecyclesGivenUp: z.number().int(),
  prunings: z.array(pruningSchema),
});

/** What was pruned last, kept in a file, so that a restart does not forget it. */
export class Prunings {
  readonly #path: string;
  #latest: Pruning[];
  #lifecyclesGivenUp: number;

  constructor(path: string, { prunings, lifecyclesGivenUp }: z.output<typeof fileSchema>) {
    this.#path = path;
    this.#latest = prunings;
    this.#lifecyclesGivenUp = lifecyclesGivenUp;
  }

  static async open(path: string): Promise<Prunings> {
    try {
      const file = JSON.parse(await readFile(path, 'utf8'));
      return new Prunings(path, z.decode(fileSchema, file));
    } catch {
      // None yet; or one that is damaged, which is only a report and no reason not to start.
      return new Prunings(path, { prunings: [], lifecyclesGivenUp: 0 });
    }
  }

  /** Newest first. */
  get latest(): readonly Pruning[] {
    return this.#latest;
  }

  get lifecyclesGivenUp(): number {
    return this.#lifecyclesGivenUp;
  }

  async add(pruning: Pruning): Promise<void> {
    this.#latest = [pruning, ...this.#latest].slice(0, PRUNINGS_MAX);
    this.#lifecyclesGivenUp += pruning.lifecyclesGivenUp;
    const file = { lifecyclesGivenUp: this.#lifecyclesGivenUp, prunings: this.#latest };
    const text = JSON.stringify(z.encode(fileSchema, file), undefined, 2);
    await writeSynced(`${this.#path}.new`, `${text}\n`);
    await rename(`${this.#path}.new`, this.#path);
    await syncDir(dirname(this.#path));
  }
}
