import { Subprocess, scriptCommand } from '@throughline/process';
import type { FloorFault } from './floor-fault.ts';

export interface SpawnOptions {
  readonly name: string;
  /** From the root of the workspace. */
  readonly script: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Of all services; those of this one are handed to it. */
  readonly faults: readonly FloorFault[];
  readonly onStderr: ((text: string) => void) | undefined;
}

/** Starts the process of one service, with what is to go wrong in it. */
export function spawnService({
  name,
  script,
  args,
  environment,
  faults,
  onStderr,
}: SpawnOptions): Subprocess {
  const own = faults.filter((fault) => fault.kind === 'service' && fault.service === name);
  const flags = own.flatMap((fault) => (fault.kind === 'service' ? ['--fault', fault.text] : []));
  const skewMs = clockSkewMs(own);
  const nodeArgs = skewMs === 0 ? [] : ['--import', skewedClockUrl(skewMs)];
  return new Subprocess(scriptCommand(script, [...args, ...flags], nodeArgs), {
    name,
    onStderr,
    environment: skewMs === 0 ? environment : onOtherHost(name, environment),
  });
}

function clockSkewMs(faults: readonly FloorFault[]): number {
  return faults.reduce(
    (skewMs, fault) =>
      fault.kind === 'service' && fault.fault.name === 'clock-skew' ? fault.fault.value : skewMs,
    0,
  );
}

function skewedClockUrl(ms: number): string {
  const url = new URL('../../service/src/faults/skewed-clock.ts', import.meta.url);
  url.searchParams.set('ms', `${ms}`);
  return url.href;
}

/** Whose clock is another is another host, and says so. */
function onOtherHost(
  name: string,
  environment: Readonly<Record<string, string>>,
): Record<string, string> {
  const given = environment.OTEL_RESOURCE_ATTRIBUTES;
  const attributes = `${given ? `${given},` : ''}host.name=${name}-host`;
  return { ...environment, OTEL_RESOURCE_ATTRIBUTES: attributes };
}
