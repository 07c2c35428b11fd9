import { type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { expect, test, vi } from 'vitest';
import { withMethods } from '../../messaging/with-methods.ts';
import { readable, testTracing } from '../../testing/tracing.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { startNatsConsumer } from './consumer.ts';
import { deliveryOf, settleMethods } from './delivery.ts';

/** What a JetStream message does as far as the client shows it: it counts what it is told. */
class Message {
  readonly subject = 'orders.new';
  readonly data = new Uint8Array(3);
  readonly told: string[] = [];
  readonly #deliveryCount: number;
  readonly #isOpen: boolean;

  constructor(deliveryCount = 1, isOpen = true) {
    this.#deliveryCount = deliveryCount;
    this.#isOpen = isOpen;
  }

  get info() {
    const { domain, stream, consumer } = { domain: '', stream: 'ORDERS', consumer: 'desk' };
    const position = { streamSequence: 7, timestampNanos: 1_700_000_000_000_000_000 };
    return { domain, stream, consumer, ...position, deliveryCount: this.#deliveryCount };
  }

  ack(): void {
    this.#tell('ack');
  }

  nak(millis?: number): void {
    this.#tell(`nak ${millis}`);
  }

  working(): void {
    this.#tell('working');
  }

  term(reason?: string): void {
    this.#tell(`term ${reason}`);
  }

  async ackAck(): Promise<boolean> {
    await Promise.resolve();
    this.#tell('ackAck');
    return true;
  }

  #tell(what: string): void {
    if (!this.#isOpen) throw new TypeError('connection closed');
    this.told.push(what);
  }
}

/** The message as a handler gets it, with the spans that its settlements become. */
function deliver(tracing: Tracing, message: Message) {
  const delivery = deliveryOf(message);
  if (!delivery) throw new TypeError('not a delivery');
  const process = startNatsConsumer(tracing, 'process', message);
  const view = withMethods(message, settleMethods(tracing, message, delivery, process));
  const { results } = vi.spyOn(tracing.tracer, 'startSpan').mock;
  return {
    view,
    process: readable(process.span),
    spans: () => results.map(({ value }) => readable(value as Span)),
  };
}

test('a delivery says its stream, sequence and consumer', () => {
  const { process } = deliver(testTracing(), new Message());
  expect(process.kind).toBe(SpanKind.CONSUMER);
  expect(process.attributes).toEqual({
    [ATTR.messagingSystem]: 'nats',
    [ATTR.contextReceived]: 'missing',
    [ATTR.messagingDestinationName]: 'orders.new',
    [ATTR.messagingOperationName]: 'process',
    [ATTR.messagingOperationType]: 'process',
    [ATTR.messagingMessageBodySize]: 3,
    [ATTR.messagingConsumerGroupName]: 'desk',
    [ATTR.messagingNatsStream]: 'ORDERS',
    [ATTR.messagingNatsSequence]: 7,
  });
});

test('each settlement is a client span below the processing, and reaches the client', async () => {
  const ways: [string, string, (message: Message) => unknown][] = [
    ['ack', 'ack', (message) => message.ack()],
    ['nak', 'nak 500', (message) => message.nak(500)],
    ['term', 'term bad order', (message) => message.term('bad order')],
    ['working', 'working', (message) => message.working()],
    ['ack', 'ackAck', (message) => message.ackAck()],
  ];
  for (const [operation, told, settle] of ways) {
    const message = new Message();
    const { view, process, spans } = deliver(testTracing(), message);
    await settle(view);
    expect(message.told).toEqual([told]);
    expect(spans()).toMatchObject([
      {
        name: `${operation} orders.new`,
        kind: SpanKind.CLIENT,
        parentSpanContext: { spanId: process.spanContext().spanId },
        ended: true,
      },
    ]);
    expect(spans()[0]?.attributes).toMatchObject({
      [ATTR.messagingOperationName]: operation,
      [ATTR.messagingOperationType]: 'settle',
      [ATTR.messagingNatsStream]: 'ORDERS',
      [ATTR.messagingNatsSequence]: 7,
    });
  }
});

test('after a final settlement there are no more spans, as the client ignores it', () => {
  const { view, spans } = deliver(testTracing(), new Message());
  view.working();
  view.working();
  view.nak();
  view.ack();
  view.working();
  expect(spans().map(({ name }) => name)).toEqual([
    'working orders.new',
    'working orders.new',
    'nak orders.new',
  ]);
});

test('a settlement that fails is recorded and thrown on', () => {
  const { view, spans } = deliver(testTracing(), new Message(1, false));
  expect(() => view.ack()).toThrow('connection closed');
  expect(spans()[0]?.status.code).toBe(SpanStatusCode.ERROR);
});

test('a message delivered again links to the attempt before, until it is settled for good', () => {
  const tracing = testTracing();
  const first = deliver(tracing, new Message());
  expect(first.process.attributes).not.toHaveProperty(ATTR.messagingRedelivered);
  first.view.nak();
  const second = deliver(tracing, new Message(2));
  expect(second.process.attributes).toMatchObject({
    [ATTR.messagingRedelivered]: true,
    [ATTR.messagingDeliveryCount]: 2,
  });
  expect(second.process.links).toMatchObject([
    {
      context: { spanId: first.process.spanContext().spanId },
      attributes: { [ATTR.linkType]: 'redelivery_of' },
    },
  ]);
  second.view.ack();
  expect(deliver(tracing, new Message(3)).process.links).toEqual([]);
});

test('what only looks like a delivery is a message of NATS core', () => {
  const message = { subject: 'x', data: new Uint8Array(0) };
  expect(deliveryOf(message)).toBeUndefined();
  const odd = {
    ...message,
    ack: () => undefined,
    get info() {
      throw new TypeError('not a jetstream message');
    },
  };
  expect(deliveryOf(odd)).toBeUndefined();
  expect(deliveryOf({ ...message, ack: () => undefined } as never)).toBeUndefined();
});
