import { trace } from '@opentelemetry/api';
import { ATTR, OPTION_SPAN } from '@throughline/model';
import { traced } from '@throughline/sdk';
import { DeadLetters } from '../dead-letters.ts';
import { type InstrumentQuote, instrumentQuote, parseMessage, TOPIC } from '../messages.ts';
import { settleAll } from '../settle.ts';
import type { ServiceParts } from '../transport/transport.ts';
import { priceQuote } from './pricing.ts';

const GROUP = 'options-processor';
/** As many sends are under way at once, at most. */
const BATCH_MESSAGES_MAX = 100;

/** The service `processor`: prices each quote and passes it on, in the quote's own trace. */
export async function startProcessor(parts: ServiceParts): Promise<void> {
  const { tracing, transport, faults, metrics } = parts;
  const priced = transport.sender(TOPIC.priced, OPTION_SPAN.sendEnriched);
  const deadLetters = new DeadLetters(parts, 'processor');
  const processed = metrics.counter('processor_quotes_priced_total', 'Quotes priced, by status.', [
    'status',
  ]);

  const clean = traced(OPTION_SPAN.cleanData, { tracing })((text: string) =>
    parseMessage(instrumentQuote, text),
  );
  const calculate = traced(OPTION_SPAN.calculateBsm, { tracing })((quote: InstrumentQuote) => {
    const result = priceQuote(quote);
    trace.getActiveSpan()?.setAttributes({
      [ATTR.optionVolatilityStatus]: result.volatility_status,
      [ATTR.optionImpliedVolatility]: result.volatility,
    });
    return result;
  });

  const subscription = {
    topic: TOPIC.quotes,
    group: GROUP,
    processName: OPTION_SPAN.processMessage,
    batchMessagesMax: BATCH_MESSAGES_MAX,
  };
  await transport.subscribe(subscription, (messages, process) =>
    settleAll(
      messages.map((message) =>
        deadLetters.work(process, message, async ({ span }) => {
          await faults.beforeProcessing();
          const quote = clean(message.value);
          span.setAttribute(ATTR.optionContract, quote.contract);
          const result = calculate(quote);
          await priced.send({ key: result.contract, value: JSON.stringify(result) });
          processed.inc({ status: result.volatility_status });
        }),
      ),
    ),
  );
}
