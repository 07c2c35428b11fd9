import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Clock ticks a second in /proc: 100 on every Linux that Node runs on. */
const TICKS_PER_S = 100;
const IDLE_SHARE_MAX = 0.05;
const IDLE_S = 5;
const IDLE_DEADLINE_S = 300;

/** The CPU time that a process has used, in seconds (Linux). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

/** The CPU time that all processes of the machine have used, in seconds (Linux). */
export function machineCpuSeconds(): number {
  const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8').split(
    /\s+/,
    8,
  );
  const busy = [user, nice, system, irq, softirq].map(Number);
  return busy.reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_S;
}

/** The most resident memory that a process ever had (Linux). */
export function peakBytes(pid: number): number {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0) * 1024;
}

/** What a folder takes on disk, which is not what its files say where they have holes. */
export function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).blocks * 512, 0);
}

/** Resolves when the process has had next to nothing to do for some seconds: merges are over then. */
export async function untilIdle(pid: number): Promise<void> {
  let idleS = 0;
  for (let waitedS = 0; idleS < IDLE_S; waitedS += 1) {
    if (waitedS >= IDLE_DEADLINE_S) throw new Error(`busy for ${IDLE_DEADLINE_S} s after the load`);
    const before = cpuSeconds(pid);
    await delay(1_000);
    idleS = cpuSeconds(pid) - before <= IDLE_SHARE_MAX ? idleS + 1 : 0;
  }
}
