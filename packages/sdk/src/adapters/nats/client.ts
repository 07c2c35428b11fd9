/**
 * What the adapter needs of a NATS client. Both lines fit, `nats` 2 as well as
 * `@nats-io/transport-node` 3 with `@nats-io/jetstream` 3; neither is imported.
 */

/** The client's `MsgHdrs`: keys in the case they were sent in, each with one value or more. */
export interface NatsHeaders extends Iterable<[string, string[]]> {
  readonly code: number;
  readonly description: string;
  append(key: string, value: string): void;
}

/** The client's `headers` function. */
export type MakeNatsHeaders = (code?: number, description?: string) => NatsHeaders;

/** A received message, of NATS core (`Msg`) or of JetStream (`JsMsg`). */
export interface NatsMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: NatsHeaders | undefined;
}

/** Tells a received message from a payload that was parsed from one. */
export function isNatsMessage(value: unknown): value is NatsMessage {
  if (typeof value !== 'object' || value === null) return false;
  const { subject, data } = value as Partial<NatsMessage>;
  return typeof subject === 'string' && data instanceof Uint8Array;
}

/** What is known of the server one is connected to. */
export interface NatsServerInfo {
  /** Servers before 2.2 have no headers, and do not say so. */
  readonly headers?: boolean;
  /** Bytes that headers and data of one message may have together. */
  readonly max_payload: number;
}

export interface NatsSubscription extends AsyncIterable<NatsMessage> {
  getSubject(): string;
}

/** The client's `NatsConnection`. */
export interface NatsClient {
  readonly info?: NatsServerInfo | undefined;
  publish(subject: string, data?: Uint8Array | string, options?: object): void;
  request(subject: string, data?: Uint8Array | string, options?: object): Promise<NatsMessage>;
  subscribe(subject: string, options?: object): NatsSubscription;
}

/** What the server says of a message that it stored. */
export interface NatsPubAck {
  readonly stream: string;
  readonly seq: number;
}

/** The client's `JetStreamClient`. */
export interface NatsJetStream {
  publish(subject: string, data?: Uint8Array | string, options?: object): Promise<NatsPubAck>;
}

/** What the options of a client's call share, whichever call it is. */
export interface NatsCallOptions {
  readonly headers?: NatsHeaders | undefined;
}

export type PublishOptionsOf<C extends NatsClient> = NonNullable<Parameters<C['publish']>[2]>;
export type RequestOptionsOf<C extends NatsClient> = NonNullable<Parameters<C['request']>[2]>;
export type SubscribeOptionsOf<C extends NatsClient> = NonNullable<Parameters<C['subscribe']>[1]>;
export type MessageOf<C extends NatsClient> = Awaited<ReturnType<C['request']>>;
export type SubscriptionOf<C extends NatsClient> = ReturnType<C['subscribe']>;
export type StoreOptionsOf<J extends NatsJetStream> = NonNullable<Parameters<J['publish']>[2]>;
export type PubAckOf<J extends NatsJetStream> = Awaited<ReturnType<J['publish']>>;
