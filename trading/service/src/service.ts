import { type InstrumentationName, pinoMixin, startTracing, type Tracing } from '@throughline/sdk';
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';
import { type MessageFaults, messageFaults } from './faults/message-faults.ts';
import { readServiceFlags } from './flags.ts';
import { startHealthServer } from './health/health-server.ts';
import { Readiness } from './health/readiness.ts';
import { ServiceMetrics } from './health/service-metrics.ts';
import { Stops } from './stops.ts';

export interface ServiceOptions {
  /** `service.name`, such as `data-manager`. */
  readonly name: string;
  /** The process' arguments; the kit reads those in `SERVICE_FLAGS`, the service its own. */
  readonly argv: readonly string[];
  /** From the service's config.ts. The kit reads `LOG_LEVEL`, default `info`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * Libraries whose work is traced, too. `pg` and `redis` have to be imported after the start:
   * `await import()`. Default none.
   */
  readonly instrumentations?: readonly InstrumentationName[];
  /**
   * False: the process makes no spans of its own, because nobody is to trace it, or because its
   * services start their tracings themselves. Default true.
   */
  readonly isTraced?: boolean;
}

/** What a process has around its service. */
export interface Service {
  /** The sdk's, already global; disabled where the process is not traced. */
  readonly tracing: Tracing;
  /** JSON lines on stderr with the ids of the active span. */
  readonly logger: Logger;
  /** Counters and gauges of the service itself, besides those of the sdk, on /metrics. */
  readonly metrics: ServiceMetrics;
  /** What is to go wrong at the messages: `--fault`. */
  readonly faults: MessageFaults;
  /** A part that must be up for /readyz, by name. */
  setReady(part: string, ready: boolean): void;
  /** Registers what to do at the end; run in reverse order. @param deadlineMs default 3,000 */
  onStop(stop: () => Promise<void> | void, deadlineMs?: number): void;
  /** Prints the one ready line on stdout: `{"ready":true,"service":name,"health":url, ...fields}`. */
  announce(fields: Readonly<Record<string, unknown>>): void;
}

/** Each part's; a service with three parts is gone within ten seconds. */
const STOP_DEADLINE_MS = 3_000;
const FLUSH_TIMEOUT_MS = 3_000;
/** After a defect nothing is sure but what has been told. */
const LAST_FLUSH_TIMEOUT_MS = 1_000;
const STDERR = 2;

/**
 * Starts what every service has: tracing, logs, /healthz, /readyz and /metrics on a loopback port of
 * their own. The process stops on SIGTERM, SIGINT and, with `--exit-with-parent`, when stdin or the
 * IPC channel ends; it ends with exit code 1 and a log line on an error that nobody caught. One service a process.
 *
 * /readyz is 503 until {@link Service.announce}, and again from the moment the service stops.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` for a flag that cannot be used, `TL_PORT_IN_USE`
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { healthPort, exitsWithParent, faults } = readServiceFlags(options.argv);
  const logger = createLogger(options);
  const { instrumentations = [], isTraced = true } = options;
  const tracing = startTracing({
    serviceName: options.name,
    // Where the program names none, the operator still may.
    ...(instrumentations.length > 0 ? { instrumentations } : {}),
    ...(isTraced ? {} : { enabled: false }),
    log: (message) => logger.warn(message),
  });
  const metrics = new ServiceMetrics();
  if (isTraced) metrics.addTracing(options.name, () => tracing.stats());
  const readiness = new Readiness();
  readiness.set('service', false);
  const health = await startHealthServer({
    port: healthPort,
    readiness,
    metrics: () => metrics.text(),
  });
  const stops = new Stops(logger, STOP_DEADLINE_MS);
  stopProcessOn(exitsWithParent, async () => {
    readiness.set('service', false);
    await stops.run();
    await tracing.shutdown(FLUSH_TIMEOUT_MS);
    health.close();
  });
  failProcessWith(logger, tracing);
  if (faults.length > 0) logger.warn({ faults }, 'faults are switched on');
  return {
    tracing,
    logger,
    metrics,
    faults: messageFaults(faults),
    setReady: (part, ready) => readiness.set(part, ready),
    onStop: (stop, deadlineMs) => stops.add(stop, deadlineMs),
    announce(fields) {
      readiness.set('service', true);
      const line = { ready: true, service: options.name, health: health.url, ...fields };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    },
  };
}

/** Written synchronously: the last line before an end is the one that matters. */
function createLogger({ name, environment }: ServiceOptions): Logger {
  return pino(
    {
      name,
      level: environment.LOG_LEVEL || 'info',
      mixin: pinoMixin(),
      timestamp: stdTimeFunctions.isoTime,
    },
    destination({ dest: STDERR, sync: true }),
  );
}

function stopProcessOn(exitsWithParent: boolean, stop: () => Promise<void>): void {
  let isStopping = false;
  const stopOnce = (): void => {
    if (isStopping) return;
    isStopping = true;
    stop().finally(() => process.exit());
  };
  process.once('SIGTERM', stopOnce);
  process.once('SIGINT', stopOnce);
  if (!exitsWithParent) return;
  if (process.connected) process.once('disconnect', stopOnce);
  else process.stdin.once('end', stopOnce).once('error', stopOnce).resume();
}

function failProcessWith(logger: Logger, tracing: Tracing): void {
  let hasFailed = false;
  const fail = (error: unknown): void => {
    if (hasFailed) return;
    hasFailed = true;
    logger.fatal({ err: error }, 'the service cannot go on');
    tracing.shutdown(LAST_FLUSH_TIMEOUT_MS).finally(() => process.exit(1));
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
}
