import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import {
  type Metadata,
  type ServerInterceptingCallInterface,
  type ServerListener,
  status as STATUS,
  type StatusObject,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { ThroughlineError } from '@throughline/model';
import type { Admission } from './admission.ts';
import { type Body, discard, readBody } from './body.ts';
import { type RefusedFrom, senderText } from './counters.ts';
import { grpcStatusOf, refusalByLibrary } from './otlp-grpc-status.ts';
import { encodeExportResponse } from './otlp-response.ts';
import type { Rejected } from './otlp-wire.ts';
import type { ReceiverOptions } from './receiver.ts';
import { MEDIA_TYPE } from './rpc-status.ts';

/** From the headers of a call to its answer. */
const CALL_TIMEOUT_MS = 30_000;
/** Of a message's length and flag, which grpc-js keeps in one piece of memory with it. */
const FRAME_BYTES = 5;
/** Of gzip. No message begins with it: it would be the tag of a field of no wire type. */
const GZIP_FIRST_BYTE = 0x1f;

/** What the calls of a receiver share. */
export interface CallOptions extends ReceiverOptions {
  bodyBytesMax: number;
  admission: Admission;
}

/**
 * A call as grpc-js has it inside. It shows a message when it is whole and decompressed, which is too
 * late to bound what senders together make us hold; so its bytes are counted as they come, and it is
 * told that they are not compressed.
 */
interface LibraryCall extends ServerInterceptingCallInterface {
  readonly stream: Readable;
  /** The `grpc-encoding`. */
  incomingEncoding: string;
}

/**
 * One call from its headers to its answer: let in or not, received, kept, answered once and counted
 * once. It is counted as refused while its message is not whole; from then on the journal decides,
 * also when the sender has gone away by then.
 */
export class OtlpGrpcCall {
  readonly #options: CallOptions;
  readonly #call: ServerInterceptingCallInterface;
  readonly #sendStatus: ServerInterceptingCallInterface['sendStatus'];
  readonly #encoding: string;
  #state: 'receiving' | 'keeping' | 'over' = 'receiving';
  #sender = '';
  /** Of the message as it came: bytes that are taken of those in flight. */
  #taken = 0;
  #message: Buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | undefined;

  constructor(call: ServerInterceptingCallInterface, options: CallOptions) {
    this.#options = options;
    this.#call = call;
    const inside = call as LibraryCall;
    this.#encoding = inside.incomingEncoding;
    inside.incomingEncoding = 'identity';
    inside.stream.on('data', (chunk: Buffer) => this.#take(chunk.length));
    this.#sendStatus = call.sendStatus.bind(call);
    // With this method grpc-js also ends calls by itself: a message over the limit, the sender's
    // deadline. Those have to be counted and to carry our codes, and interceptors do not see them.
    // Where the sender has gone, the message only seems to end: that is told as `onCancel`.
    call.sendStatus = (status) => {
      const hasGone = inside.stream.destroyed || inside.stream.closed;
      if (status.code === STATUS.OK || hasGone) this.#sendStatus(status);
      else this.#refuse(refusalByLibrary(status), deadlineOnly(status.code));
    };
  }

  /**
   * Hears what grpc-js tells about the call. In place of the message it hands on this object.
   *
   * @param refusal given when the call is of a kind that is never let in
   */
  listener(refusal?: ThroughlineError): ServerListener {
    return {
      onReceiveMetadata: (metadata, next) => {
        if (this.#letIn(metadata, refusal)) next(metadata);
      },
      onReceiveMessage: (message: Buffer, next) => {
        this.#message = message;
        next(this);
      },
      onCancel: () => this.#onCancel(),
    };
  }

  /** Keeps the message, which is whole now, and answers. */
  async keep(respond: sendUnaryData<Buffer>): Promise<void> {
    this.#state = 'keeping';
    const { admission, append, counters } = this.#options;
    let spanCount = 0;
    let rejected: Rejected | undefined;
    try {
      const body = await this.#body();
      try {
        const admitted = await admission.admit(body.bytes, 'protobuf');
        ({ spanCount, rejected } = admitted);
        if (spanCount > 0) await append(admitted.record, spanCount);
      } finally {
        body.release();
      }
    } catch (error) {
      const refusal = this.#refusalOf(error);
      counters.reject(refusal, this.#from(spanCount + (rejected?.spans ?? 0)));
      this.#answer(grpcStatusOf(refusal));
      return;
    }
    counters.accept(spanCount);
    if (rejected !== undefined) counters.leaveOut(rejected.error, this.#from(rejected.spans));
    this.#end();
    respond(null, Buffer.from(encodeExportResponse(rejected, MEDIA_TYPE.protobuf)));
  }

  /** The message decompressed. It may have come as it is although its call announced gzip. */
  async #body(): Promise<Body> {
    const { bodyBytesMax, inFlight } = this.#options;
    const bytes = this.#message;
    const release = () => {
      this.#giveBack();
      discard(bytes, FRAME_BYTES);
    };
    if (this.#encoding !== 'gzip' || bytes[0] !== GZIP_FIRST_BYTE) return { bytes, release };
    try {
      const stream = Object.assign(Readable.from([bytes]), {
        headers: { 'content-encoding': 'gzip' },
      });
      return await readBody(stream, bodyBytesMax, inFlight);
    } finally {
      release();
    }
  }

  #letIn(metadata: Metadata, refusal: ThroughlineError | undefined): boolean {
    const [userAgent] = metadata.get('user-agent');
    const { remoteAddress } = this.#call.getConnectionInfo();
    this.#sender = senderText(remoteAddress, userAgent?.toString());
    this.#timer = setTimeout(() => this.#onTimeout(), CALL_TIMEOUT_MS);
    try {
      const headers = { ...metadata.getMap(), host: this.#call.getHost() };
      this.#options.access(headers as IncomingHttpHeaders, remoteAddress);
      if (refusal !== undefined) throw refusal;
      checkEncoding(this.#encoding);
      return true;
    } catch (error) {
      this.#refuse(this.#refusalOf(error));
      return false;
    }
  }

  #take(bytes: number): void {
    // What still comes of a call that is refused is thrown away.
    if (this.#state !== 'receiving') return;
    try {
      this.#options.inFlight.take(bytes);
      this.#taken += bytes;
    } catch (error) {
      this.#refuse(this.#refusalOf(error));
    }
  }

  #giveBack(): void {
    this.#options.inFlight.give(this.#taken);
    this.#taken = 0;
  }

  #onTimeout(): void {
    const seconds = CALL_TIMEOUT_MS / 1_000;
    if (this.#state === 'receiving') {
      const message = `the request is not whole after ${seconds} s`;
      this.#refuse(new ThroughlineError('TL_BAD_REQUEST', message), STATUS.DEADLINE_EXCEEDED);
    } else {
      const message = `the request is not on disk after ${seconds} s`;
      this.#answer(grpcStatusOf(new ThroughlineError('TL_JOURNAL_FAILED', message)));
    }
  }

  /** The call is over, whoever ended it. */
  #onCancel(): void {
    if (this.#state === 'receiving') {
      const message = 'the sender broke off inside the request';
      this.#reject(new ThroughlineError('TL_BAD_REQUEST', message));
    }
    this.#end();
  }

  #refuse(error: ThroughlineError, code?: STATUS): void {
    if (this.#state === 'receiving') this.#reject(error);
    this.#answer(grpcStatusOf(error, code));
  }

  /** Counts the call, of which nothing more is received. */
  #reject(error: ThroughlineError): void {
    this.#giveBack();
    this.#options.counters.reject(error, this.#from(0));
  }

  #answer(status: StatusObject): void {
    this.#end();
    this.#sendStatus(status);
  }

  #end(): void {
    this.#state = 'over';
    clearTimeout(this.#timer);
  }

  #from(spanCount: number): RefusedFrom {
    return { sender: this.#sender, spanCount };
  }

  #refusalOf(error: unknown): ThroughlineError {
    if (error instanceof ThroughlineError) return error;
    this.#options.logger.error({ err: error }, 'OTLP/gRPC request failed');
    return new ThroughlineError('TL_INTERNAL', 'see the server log', { cause: error });
  }
}

/** The one code that senders are to see as grpc-js gives it: they come again after it. */
function deadlineOnly(code: STATUS): STATUS | undefined {
  return code === STATUS.DEADLINE_EXCEEDED ? code : undefined;
}

function checkEncoding(encoding: string): void {
  if (encoding === 'identity' || encoding === 'gzip') return;
  const name = JSON.stringify(encoding.slice(0, 40));
  throw new ThroughlineError('TL_OTLP_UNSUPPORTED_TYPE', `grpc-encoding ${name}`, {
    hint: 'Send identity or gzip.',
  });
}
