import { startTracing } from '@throughline/sdk';
import type { SignalsOptions } from './config.ts';
import { DataManager } from './data-manager/data-manager.ts';
import type { ProcessParts } from './process-parts.ts';
import { RealtimeStrategies } from './realtime-strategies/realtime-strategies.ts';
import { createSource } from './socket-client/create-source.ts';
import { SocketClient } from './socket-client/socket-client.ts';
import { TaBot } from './ta-bot/ta-bot.ts';
import { createTradeengine } from './tradeengine/create-tradeengine.ts';
import type { Transport } from './transport/transport.ts';

const FLUSH_TIMEOUT_MS = 2_000;

/**
 * The reference system `signals`, from tick to trade:
 *
 * ```text
 * exchange -> socket-client -> market.data -> data-manager (candles)
 *                                          -> realtime-strategies -> signals.trading -> tradeengine
 *                                          -> ta-bot (on a timer) -> signals.trading -> tradeengine
 * tradeengine -> exchange -> tradeengine -> order.confirmed
 * ```
 *
 * Starts the five services in one process, each with a tracing and a transport of its own; those that
 * read before those that write, since a channel keeps nothing for who comes later.
 *
 * @throws ThroughlineError when the market data's source cannot be used
 */
export async function startSignals(
  whole: ProcessParts,
  connect: (parts: ProcessParts) => Promise<Transport>,
  options: SignalsOptions,
): Promise<void> {
  const start = async (name: string): Promise<[ProcessParts, Transport]> => {
    const parts = partsOf(whole, name);
    return [parts, await connect(parts)];
  };
  createTradeengine(...(await start('tradeengine')), options.tradeengine).start();
  new DataManager(...(await start('data-manager')), options.dataManager).start();
  new RealtimeStrategies(...(await start('realtime-strategies')), options.strategies).start();
  new TaBot(...(await start('ta-bot')), options.taBot).start();
  const [parts, transport] = await start('socket-client');
  await new SocketClient(parts, transport, createSource(parts, options.source)).start();
}

/** One service's share of the process. */
function partsOf(whole: ProcessParts, serviceName: string): ProcessParts {
  const logger = whole.logger.child({ service: serviceName });
  const log = (message: string): void => logger.warn(message);
  const tracing = startTracing({ serviceName, global: false, log });
  whole.metrics.addTracing(serviceName, () => tracing.stats());
  whole.onStop(async () => {
    await tracing.shutdown(FLUSH_TIMEOUT_MS);
  });
  return {
    tracing,
    logger,
    metrics: whole.metrics,
    faults: whole.faults,
    setReady: (part, isReady) => whole.setReady(`${serviceName} ${part}`, isReady),
    onStop: (stop) => whole.onStop(stop),
  };
}
