import { type Attributes, SpanKind } from '@opentelemetry/api';
import { ATTR, LINK_TYPE } from '@throughline/model/names';
import { toLink } from '../../causality/link.ts';
import { endAfter, runInSpan, type StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import {
  encodeMessage,
  type NatsCarrier,
  type NatsOutgoing,
  packOutgoing,
  readOwnCarrier,
} from './carrier.ts';
import type { MakeNatsHeaders, NatsCallOptions, NatsServerInfo } from './client.ts';
import { type NatsSendSpan, startNatsProducer } from './producer.ts';

/** Options of a client's call, with how its span looks. */
export interface NatsSendOptions extends NatsCallOptions {
  readonly span?: NatsSendSpan;
}

/** One call of the client that sends a message. */
export interface NatsSending<T> {
  readonly operation: 'send' | 'request' | 'reply';
  readonly subject: string;
  readonly message: unknown;
  readonly options: NatsSendOptions;
  /** In the span's name, where the subject is one that nobody chose. */
  readonly label?: string;
  /** Bytes of headers that the client adds itself. */
  readonly reservedBytes?: number;
  /** The client only writes the message into its buffer: no code is run that asks for the span. */
  readonly isWrite?: boolean;
  /**
   * Calls the client. Where the call has a context in it, `plain` is the one without, for a server
   * that refuses the first, unless {@link isWrite}.
   */
  transmit(call: NatsCall, started: StartedSpan, plain: NatsCall | undefined): T;
}

export interface NatsCall {
  readonly data: Uint8Array;
  readonly options: object;
}

export interface NatsSenderOptions {
  readonly tracing: () => Tracing;
  readonly server: () => NatsServerInfo | undefined;
  readonly makeHeaders: MakeNatsHeaders;
  readonly carrier: NatsCarrier | undefined;
}

/** Sends messages, each in a span of its own and with that span's context in it. */
export class NatsSender {
  readonly #options: NatsSenderOptions;
  #contextsOmitted = 0;

  constructor(options: NatsSenderOptions) {
    this.#options = options;
  }

  /** Messages that went out without context, though there was one. */
  get contextsOmitted(): number {
    return this.#contextsOmitted;
  }

  /** What the client returns or throws passes through. @throws TypeError what JSON cannot express */
  send<T>(sending: NatsSending<T>): T {
    const { message, subject, operation } = sending;
    const { span: spanOptions = {}, headers, ...options } = sending.options;
    const { name, template, ...producerOptions } = spanOptions;
    const body = encodeMessage(message);
    const tracing = this.#options.tracing();
    // A context that the caller put in stays: this send then is not where the message was created.
    const carried = readOwnCarrier(message, headers);
    const own = carried && toLink(tracing, { carrier: carried, type: LINK_TYPE.triggeredBy });
    const started = startNatsProducer(
      tracing,
      name ?? `${operation} ${template ?? sending.label ?? subject}`,
      {
        kind: own ? SpanKind.CLIENT : SpanKind.PRODUCER,
        destination: subject,
        ...producerOptions,
        links: own ? [own, ...(producerOptions.links ?? [])] : (producerOptions.links ?? []),
        attributes: attributesOf(sending, body, spanOptions),
      },
    );
    const plain: NatsOutgoing = { data: body, headers };
    const { makeHeaders, carrier, server } = this.#options;
    const outgoing = own
      ? plain
      : packOutgoing(tracing, started.context, {
          message,
          body,
          headers,
          makeHeaders,
          carrier,
          server: server(),
          reservedBytes: sending.reservedBytes ?? 0,
        });
    if (outgoing.omitted) this.omit(started, outgoing.omitted);
    const isPlain = outgoing.data === body && outgoing.headers === headers;
    const transmit = (): T => {
      const fallback = isPlain || sending.isWrite ? undefined : toCall(plain, options);
      return sending.transmit(toCall(outgoing, options), started, fallback);
    };
    return sending.isWrite ? endAfter(started, transmit) : runInSpan(started, transmit);
  }

  /** Counts a message that goes out without context, and says so on its span. */
  omit(started: StartedSpan, reason: string): void {
    this.#contextsOmitted += 1;
    started.span.setAttribute(ATTR.contextOmitted, reason);
  }
}

/** Filled one by one: copying objects for every message is a good part of what a send costs. */
function attributesOf(
  { operation, label }: Pick<NatsSending<unknown>, 'operation' | 'label'>,
  body: Uint8Array,
  { template, attributes: given }: NatsSendSpan,
): Attributes {
  const attributes: Attributes = {
    [ATTR.messagingOperationName]: operation,
    [ATTR.messagingMessageBodySize]: body.length,
  };
  if (template !== undefined) attributes[ATTR.messagingDestinationTemplate] = template;
  if (label !== undefined) attributes[ATTR.messagingDestinationTemporary] = true;
  return given ? { ...attributes, ...given } : attributes;
}

/** With a copy of the options: clients write into those they are given. */
function toCall({ data, headers }: NatsOutgoing, options: object): NatsCall {
  return { data, options: headers ? { ...options, headers } : { ...options } };
}
