import { ThroughlineError } from '@throughline/model';
import { z } from 'zod';
import { movingAverageCrossover } from './moving-average-crossover.ts';
import { rsiMeanReversion } from './rsi-mean-reversion.ts';
import type { Strategy } from './strategy.ts';

const PERIOD_MAX = 200;
const candleCount = z.int().min(1).max(PERIOD_MAX);
const percent = z.int().min(0).max(100);

const crossoverParameters = z
  .strictObject({ fast: candleCount.default(5), slow: candleCount.default(20) })
  .refine(({ fast, slow }) => fast < slow, 'fast must be less than slow');

const rsiParameters = z
  .strictObject({
    period: candleCount.default(14),
    oversold: percent.default(30),
    overbought: percent.default(70),
  })
  .refine(
    ({ oversold, overbought }) => oversold <= overbought,
    'oversold must not be above overbought',
  );

type Create = (parameters: unknown) => Strategy;

/** What can be run, by name. */
const STRATEGIES: Readonly<Record<string, Create>> = {
  moving_average_crossover: (given) => movingAverageCrossover(parse(crossoverParameters, given)),
  rsi_mean_reversion: (given) => rsiMeanReversion(parse(rsiParameters, given)),
};

export const STRATEGY_NAMES: readonly string[] = Object.keys(STRATEGIES);

/**
 * @param parameters what is not given has a default
 * @throws ThroughlineError `TL_NOT_FOUND` for a name that is none, `TL_BAD_REQUEST` for parameters
 *   that the strategy cannot have
 */
export function createStrategy(name: string, parameters: unknown = {}): Strategy {
  const create = Object.hasOwn(STRATEGIES, name) ? STRATEGIES[name] : undefined;
  if (create) return create(parameters);
  throw new ThroughlineError('TL_NOT_FOUND', `there is no strategy ${JSON.stringify(name)}`, {
    hint: `Strategies are ${STRATEGY_NAMES.join(' and ')}.`,
  });
}

function parse<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ThroughlineError('TL_BAD_REQUEST', `parameters: ${z.prettifyError(parsed.error)}`);
}
