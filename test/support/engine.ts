import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EngineEndpoint, Supervisor } from '../../packages/store/src/engine/supervisor.ts';

const MEMORY_BYTES_MAX = 1024 ** 3;

/** An engine child of its own, on a directory of its own. */
export interface RunningEngine {
  readonly dir: string;
  /** Of the child that runs now. */
  endpoint(): EngineEndpoint;
  readonly supervisor: Supervisor;
  readonly warnings: string[];
  stop(): Promise<void>;
}

/**
 * @param dir another engine's directory, instead of a new one
 * @param prepare what is done with the directory before the engine starts
 */
export async function startEngine(
  options: { answerMsMax?: number; dir?: string; prepare?: (dir: string) => void } = {},
): Promise<RunningEngine> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'engine-'));
  options.prepare?.(dir);
  const warnings: string[] = [];
  let endpoint: EngineEndpoint = { url: '', password: '' };
  const { answerMsMax } = options;
  const supervisor = new Supervisor({
    path: dir,
    memoryBytesMax: MEMORY_BYTES_MAX,
    ...(answerMsMax === undefined ? {} : { answerMsMax }),
    onWarning: (message) => warnings.push(message),
    onStart: async (started) => {
      endpoint = started;
    },
  });
  await supervisor.start();
  return {
    dir,
    endpoint: () => endpoint,
    supervisor,
    warnings,
    stop: async () => {
      await supervisor.stop();
      rmSync(dir, { recursive: true });
    },
  };
}
