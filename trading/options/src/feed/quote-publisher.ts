import type { SpanContext } from '@opentelemetry/api';
import { ATTR, LINK_TYPE, OPTION_SPAN } from '@throughline/model';
import { runInSpan, startMatch, type Tracing, traced } from '@throughline/sdk';
import { type InstrumentQuote, TOPIC } from '../messages.ts';
import type { Sender, ServiceParts } from '../transport/transport.ts';
import type { Chain, ChainEntry } from './chain.ts';
import { quoteOf } from './quotes.ts';

/** Makes quotes of a chain's entries and sends them to be priced, each in a trace of its own. */
export class QuotePublisher {
  readonly #tracing: Tracing;
  readonly #sender: Sender;
  readonly #enrich: (chain: Chain, entry: ChainEntry, at: Date) => InstrumentQuote;

  constructor({ tracing, transport }: Pick<ServiceParts, 'tracing' | 'transport'>) {
    this.#tracing = tracing;
    this.#sender = transport.sender(TOPIC.quotes, OPTION_SPAN.sendToKafka);
    this.#enrich = traced(OPTION_SPAN.enrichContext, { tracing })(quoteOf);
  }

  /**
   * Sends one quote.
   *
   * @param at when it was made
   * @param cause what asked for it, such as a request: linked to, as one cause of many traces
   * @throws what the transport says when it does not take the quote
   */
  async publish(chain: Chain, entry: ChainEntry, at: Date, cause?: SpanContext): Promise<void> {
    const started = startMatch(this.#tracing, OPTION_SPAN.fetchInstrumentData, {
      links: cause ? [{ type: LINK_TYPE.triggeredBy, spanContext: cause }] : [],
      attributes: { [ATTR.tradingSymbol]: chain.underlying },
      businessIds: { symbol: chain.underlying },
    });
    await runInSpan(started, async ({ span }) => {
      const quote = this.#enrich(chain, entry, at);
      span.setAttributes({
        [ATTR.optionContract]: quote.contract,
        [ATTR.optionQuoteTime]: quote.quote_time,
      });
      await this.#sender.send({ key: quote.contract, value: JSON.stringify(quote) });
    });
  }
}
