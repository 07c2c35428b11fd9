// The load generator as a process: progress as JSON lines, and at the end every order as its client
// sees it.
import { ThroughlineError } from '@throughline/model';
import { readLoadConfig, USAGE } from './config.ts';
import { runLoad } from './load.ts';

async function main(): Promise<void> {
  const options = readLoadConfig(process.argv.slice(2));
  if (!options) {
    console.log(USAGE);
    return;
  }
  const result = await runLoad({ ...options, onProgress: (progress) => say(progress) });
  const { orders, defects } = result;
  say({ done: true, orders, defects });
  if (defects.length > 0) throw new ThroughlineError('TL_DEMO_FAILED', defects.join('; '));
}

function say(line: object): void {
  console.log(JSON.stringify(line));
}

main().catch((error: unknown) => {
  const isExpected = error instanceof ThroughlineError;
  console.error(isExpected ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
});
