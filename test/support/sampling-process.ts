import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { startTracing } from '@throughline/sdk';
import { FlowService } from '../../packages/sdk/src/testing/order-flow.ts';

type StepName = 'receiveOrder' | 'batch' | 'split' | 'sendOut' | 'receiveFill' | 'match';
type Arguments<Name extends StepName> = Parameters<FlowService[Name]>;
type Result<Name extends StepName> = ReturnType<FlowService[Name]>;

/** What the process is told: the same step, once for each list of arguments; or to end. */
interface Work {
  readonly step: StepName | 'shutdown';
  readonly calls: readonly unknown[][];
}

const FLUSH_MS = 30_000;

/** A service of the flow, running as its own process, with everything as JSON in between. */
export class ServiceProcess {
  readonly #child: ChildProcess;

  /** @param environment its only settings */
  constructor(serviceName: string, environment: NodeJS.ProcessEnv) {
    const env = { PATH: process.env.PATH, OTEL_SERVICE_NAME: serviceName, ...environment };
    this.#child = fork(join(import.meta.dirname, 'sampling-process.ts'), ['serve'], { env });
  }

  /** Makes the service take the step for each of the messages. */
  async run<Name extends StepName>(
    step: Name,
    calls: readonly Arguments<Name>[],
  ): Promise<Result<Name>[]> {
    return (await this.#ask({ step, calls })) as Result<Name>[];
  }

  /** @returns whether it sent all of its spans */
  async stop(): Promise<boolean> {
    const exited = once(this.#child, 'exit');
    const isSent = await this.#ask({ step: 'shutdown', calls: [] });
    await exited;
    return isSent === true;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #ask(work: Work): Promise<unknown> {
    const answered = once(this.#child, 'message', { signal: AbortSignal.timeout(60_000) });
    this.#child.send(work);
    const [answer] = await answered;
    return answer;
  }
}

/** The process itself: settings come from the environment, work from the parent. */
function serve(): void {
  const tracing = startTracing();
  const service = new FlowService(tracing);
  process.on('message', async ({ step, calls }: Work) => {
    if (step === 'shutdown') {
      process.send?.(await tracing.shutdown(FLUSH_MS));
      process.disconnect();
      return;
    }
    const take = service[step].bind(service) as (...args: unknown[]) => unknown;
    process.send?.(calls.map((args) => take(...args)));
  });
}

if (process.argv[2] === 'serve') serve();
