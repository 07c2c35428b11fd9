import { EventEmitter } from 'node:events';
import { gzipSync } from 'node:zlib';
import { Metadata, type ServerInterceptingCallInterface, status as STATUS } from '@grpc/grpc-js';
import { ThroughlineError } from '@throughline/model';
import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Admission } from './admission.ts';
import { BytesInFlight } from './body.ts';
import { IngestCounters } from './counters.ts';
import { OtlpGrpcCall } from './otlp-grpc-call.ts';
import type { ReceiverOptions } from './receiver.ts';
import { encodeRequest, requestOf } from './testing/otlp.ts';

const BYTES = Buffer.from(encodeRequest(requestOf({ name: 'a' }, { name: 'b' })));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A call of which the test is both the sender and grpc-js. */
function startCall(options: Partial<ReceiverOptions> = {}, encoding = 'identity') {
  const counters = new IngestCounters();
  const inFlight = new BytesInFlight(BYTES.length);
  const statuses: { code: STATUS; details: string }[] = [];
  const stream = Object.assign(new EventEmitter(), { destroyed: false, closed: false });
  const base = {
    stream,
    incomingEncoding: encoding,
    sendStatus: (status: { code: STATUS; details: string }) => void statuses.push(status),
    getHost: () => 'localhost:4317',
    getConnectionInfo: () => ({ remoteAddress: '127.0.0.1' }),
  } as unknown as ServerInterceptingCallInterface;
  const call = new OtlpGrpcCall(base, {
    append: async () => undefined,
    counters: counters.of('otlp-grpc'),
    inFlight,
    access: () => undefined,
    tls: undefined,
    logger: pino({ level: 'silent' }),
    bodyBytesMax: 1_000_000,
    admission: new Admission(),
    ...options,
  });
  const { onReceiveMetadata, onReceiveMessage, onCancel } = call.listener();
  const begun = vi.fn();
  onReceiveMetadata?.(new Metadata(), begun);
  return {
    base,
    begun,
    call,
    cancel: () => onCancel?.(),
    counters,
    inFlight,
    /** What comes of the message before it is whole. */
    receivePart: (bytes: Uint8Array) => stream.emit('data', bytes),
    receive: (bytes = BYTES) => {
      stream.emit('data', bytes);
      onReceiveMessage?.(bytes, () => undefined);
    },
    statuses,
    stream,
  };
}

/** Whether nothing is in flight. */
function isEmpty(inFlight: BytesInFlight): boolean {
  try {
    inFlight.take(BYTES.length);
  } catch {
    return false;
  }
  inFlight.give(BYTES.length);
  return true;
}

test('a message that does not become whole ends with the time limit', () => {
  const { begun, counters, inFlight, receivePart, statuses } = startCall();
  expect(begun).toHaveBeenCalledOnce();
  receivePart(BYTES.subarray(0, 5));
  expect(isEmpty(inFlight)).toBe(false);
  vi.advanceTimersByTime(30_000);
  expect(statuses).toMatchObject([
    { code: STATUS.DEADLINE_EXCEEDED, details: expect.stringMatching(/^TL_BAD_REQUEST: .*30 s$/) },
  ]);
  expect(counters.snapshot().rejected).toEqual({ TL_BAD_REQUEST: { requests: 1, spans: 0 } });
  expect(isEmpty(inFlight)).toBe(true);
});

test('a journal that does not answer ends the call, and still decides what is counted', async () => {
  const kept = Promise.withResolvers<void>();
  const { call, counters, receive, statuses } = startCall({ append: () => kept.promise });
  receive();
  const keeping = call.keep(() => undefined);
  vi.advanceTimersByTime(30_000);
  expect(statuses).toMatchObject([
    { code: STATUS.UNAVAILABLE, details: expect.stringMatching(/^TL_JOURNAL_FAILED: /) },
  ]);
  expect(counters.snapshot().requests).toBe(0);
  kept.resolve();
  await keeping;
  expect(counters.snapshot()).toMatchObject({ requests: 1, spansAccepted: 2, rejected: {} });
});

test('a call beyond the bytes in flight is told to come again before its message is whole', () => {
  const { counters, inFlight, receivePart, statuses } = startCall();
  receivePart(BYTES);
  receivePart(BYTES);
  receivePart(BYTES);
  expect(statuses).toMatchObject([
    { code: STATUS.RESOURCE_EXHAUSTED, details: expect.stringMatching(/^TL_OVERLOADED: /) },
  ]);
  expect(counters.snapshot().rejected).toEqual({ TL_OVERLOADED: { requests: 1, spans: 0 } });
  expect(isEmpty(inFlight)).toBe(true);
});

test('a message that came compressed counts as in flight both ways, until it is kept', async () => {
  const kept = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const zipped = gzipSync(BYTES);
  const inFlight = new BytesInFlight(zipped.length + BYTES.length);
  const append = () => {
    asked.resolve();
    return kept.promise;
  };
  const { call, counters, receive } = startCall({ append, inFlight }, 'gzip');
  receive(zipped);
  const keeping = call.keep(() => undefined);
  await asked.promise;
  expect(() => inFlight.take(zipped.length)).not.toThrow();
  expect(() => inFlight.take(1)).toThrow();
  inFlight.give(zipped.length);
  kept.resolve();
  await keeping;
  expect(() => inFlight.take(zipped.length + BYTES.length)).not.toThrow();
  expect(counters.snapshot()).toMatchObject({ spansAccepted: 2, rejected: {} });
});

test('what is not compressed may come in a call that announces gzip', async () => {
  const { call, counters, receive } = startCall({}, 'gzip');
  receive();
  await call.keep(() => undefined);
  expect(counters.snapshot()).toMatchObject({ spansAccepted: 2, rejected: {} });
});

test('another compression is refused before the message comes', () => {
  const { begun, statuses } = startCall({}, 'br');
  expect(begun).not.toHaveBeenCalled();
  expect(statuses).toMatchObject([
    { code: STATUS.UNIMPLEMENTED, details: expect.stringMatching('grpc-encoding "br"') },
  ]);
});

test.each([
  [STATUS.RESOURCE_EXHAUSTED, STATUS.RESOURCE_EXHAUSTED, 'TL_OTLP_TOO_LARGE'],
  [STATUS.INTERNAL, STATUS.INVALID_ARGUMENT, 'TL_OTLP_MALFORMED'],
  [STATUS.UNIMPLEMENTED, STATUS.INVALID_ARGUMENT, 'TL_OTLP_MALFORMED'],
  [STATUS.DEADLINE_EXCEEDED, STATUS.DEADLINE_EXCEEDED, 'TL_BAD_REQUEST'],
])('what grpc-js ends with %i is answered with %i, %s', (code, answer, error) => {
  const { base, cancel, counters, statuses } = startCall();
  base.sendStatus({ code, details: 'its words' });
  cancel();
  expect(statuses).toMatchObject([
    { code: answer, details: expect.stringMatching(`^${error}: its words`) },
  ]);
  expect(counters.snapshot().rejected).toEqual({ [error]: { requests: 1, spans: 0 } });
});

test('a sender that goes away inside the message is counted once', () => {
  const { cancel, counters, inFlight, receivePart, statuses } = startCall();
  receivePart(BYTES);
  cancel();
  cancel();
  expect(statuses).toEqual([]);
  expect(counters.snapshot().rejected).toEqual({ TL_BAD_REQUEST: { requests: 1, spans: 0 } });
  expect(counters.snapshot().refusals[0]).toMatchObject({ sender: '127.0.0.1' });
  expect(isEmpty(inFlight)).toBe(true);
});

test('where the connection is gone, a message that seems to end is one that broke off', () => {
  const { base, cancel, counters, stream } = startCall();
  stream.destroyed = true;
  base.sendStatus({ code: STATUS.UNIMPLEMENTED, details: 'no message' });
  cancel();
  expect(counters.snapshot().rejected).toEqual({ TL_BAD_REQUEST: { requests: 1, spans: 0 } });
});

test('a sender that goes away after the message does not change what is kept', async () => {
  const kept = Promise.withResolvers<void>();
  const { call, cancel, counters, receive } = startCall({ append: () => kept.promise });
  receive();
  const keeping = call.keep(() => undefined);
  cancel();
  kept.reject(new ThroughlineError('TL_JOURNAL_FAILED', 'no disk'));
  await keeping;
  expect(counters.snapshot()).toMatchObject({
    requests: 1,
    rejected: { TL_JOURNAL_FAILED: { requests: 1, spans: 2 } },
  });
});
