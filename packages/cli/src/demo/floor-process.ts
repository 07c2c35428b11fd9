import { Subprocess, scriptCommand } from '@throughline/process';
import { z } from 'zod';
import { inheritedEnvironment } from '../config.ts';

const rowSchema = z.object({
  system: z.string(),
  service: z.string(),
  replica: z.string(),
  transport: z.string(),
  health: z.string().optional(),
});
/** One process of the floor. */
export type FloorRow = z.output<typeof rowSchema>;

const readySchema = z.object({
  ready: z.literal(true),
  rows: z.array(rowSchema),
  notes: z.array(z.string()),
  exchangeRest: z.string(),
  services: z.object({ orders: z.object({ wsUrl: z.string() }) }),
});

/** A dozen services that start on one core. */
const READY_DEADLINE_MS = 120_000;
/** The floor ends its processes one after the other, each within its own deadline. */
const STOP_DEADLINE_MS = 60_000;

export interface FloorProcessOptions {
  /** Names with commas between, `orders` among them; undefined: all that there are. */
  readonly systems?: string | undefined;
  readonly otlpHttpUrl: string;
  readonly token?: string | undefined;
  readonly nats?: string | undefined;
  readonly kafka?: string | undefined;
  readonly postgres?: string | undefined;
  /** A file of recorded market data for the exchange. */
  readonly replay?: string | undefined;
}

/** The reference systems and all that they need, run by `trading/floor.ts`. */
export interface FloorProcess {
  /** Where clients send their orders. */
  readonly wsUrl: string;
  readonly exchangeRestUrl: string;
  readonly rows: readonly FloorRow[];
  /** One line for each system that does not run on a broker though it could. */
  readonly notes: readonly string[];
  /** Rejects when one of the processes ends by itself. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/** @throws ThroughlineError `TL_DEMO_FAILED` when a system does not come up */
export async function startFloor(options: FloorProcessOptions): Promise<FloorProcess> {
  const given = (['systems', 'nats', 'kafka', 'postgres', 'replay'] as const).flatMap((name) =>
    options[name] === undefined ? [] : [`--${name}`, options[name]],
  );
  const args = ['--json', '--exit-with-parent', ...given];
  const floor = new Subprocess(scriptCommand('trading/floor.ts', args), {
    name: 'floor',
    environment: { ...inheritedEnvironment(), ...exporterEnvironment(options) },
    stopDeadlineMs: STOP_DEADLINE_MS,
  });
  try {
    const ready = await floor.until((line) => readySchema.safeParse(line).data, READY_DEADLINE_MS);
    return {
      wsUrl: ready.services.orders.wsUrl,
      exchangeRestUrl: ready.exchangeRest,
      rows: ready.rows,
      notes: ready.notes,
      failed: floor.failure(),
      close: () => floor.stop(),
    };
  } catch (cause) {
    await floor.stop();
    throw cause;
  }
}

function exporterEnvironment({ otlpHttpUrl, token }: FloorProcessOptions): Record<string, string> {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: otlpHttpUrl };
  if (token === undefined) return endpoint;
  return { ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${token}` };
}
