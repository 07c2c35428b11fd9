import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { ThroughlineError } from '@throughline/model';
import { isLoopback, listenFailure } from '../../listen.ts';
import { senderText } from '../counters.ts';
import { keep, spanCountOf } from '../keep.ts';
import type { Receiver, ReceiverOptions } from '../receiver.ts';
import { readEmitBatch } from './batch.ts';
import { kernelDrops } from './kernel-drops.ts';
import { ThriftBinary } from './thrift-binary.ts';
import { ThriftCompact } from './thrift-compact.ts';
import { admitJaeger } from './translate.ts';

/** The two ports of Jaeger's agent, by the encoding that each takes. */
export type JaegerEncoding = 'compact' | 'binary';

const READER = { compact: ThriftCompact, binary: ThriftBinary } as const;

/** Datagrams that wait for the journal; those beyond are dropped and counted. */
const WAITING_MAX = 1_000;
const WAITING_BYTES_MAX = 16 * 2 ** 20;
/** What the kernel keeps while we are busy; it grants less where `net.core.rmem_max` is lower. */
const KERNEL_BUFFER_BYTES = 4 * 2 ** 20;
const KERNEL_DROPS_EVERY_MS = 1_000;
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * The receiver for Jaeger clients that report to an agent: one call of `emitBatch` in each datagram,
 * as on port 6831 (compact) and 6832 (binary). Nobody can be answered, so every refusal is counted
 * under its sender's address, datagrams that the kernel dropped under `kernel`. A datagram carries no
 * token, and anybody can write any sender on it: it listens on loopback (IPv4) only.
 *
 * @see https://www.jaegertracing.io/docs/1.76/architecture/apis/#thrift-over-udp-stable
 */
export function jaegerUdp(options: ReceiverOptions, encoding: JaegerEncoding): Receiver {
  return new JaegerUdp(options, encoding);
}

class JaegerUdp implements Receiver {
  readonly #options: ReceiverOptions;
  readonly #encoding: JaegerEncoding;
  readonly #waiting = new Set<Promise<void>>();
  #waitingBytes = 0;
  #socket: Socket | undefined;
  #dropsTimer: NodeJS.Timeout | undefined;
  #drops = 0;

  constructor(options: ReceiverOptions, encoding: JaegerEncoding) {
    this.#options = options;
    this.#encoding = encoding;
  }

  async listen(host: string, port: number): Promise<number> {
    const what = `jaeger-${this.#encoding}`;
    if (!isIPv4(host) || !isLoopback(host)) {
      throw new ThroughlineError('TL_CONFIG_INVALID', `${what} listens on 127.0.0.1, not ${host}`);
    }
    const socket = createSocket({ type: 'udp4', recvBufferSize: KERNEL_BUFFER_BYTES });
    try {
      socket.bind({ address: host, port });
      await once(socket, 'listening');
    } catch (cause) {
      socket.close();
      throw listenFailure(cause, what, { host, port });
    }
    this.#socket = socket;
    socket.on('error', (err) => this.#options.logger.warn({ err }, `${what}: socket error`));
    socket.on('message', (datagram, remote) => this.#receive(datagram, remote));
    this.#dropsTimer = setInterval(() => this.#countDrops(socket), KERNEL_DROPS_EVERY_MS);
    this.#dropsTimer.unref();
    return socket.address().port;
  }

  async close(): Promise<void> {
    clearInterval(this.#dropsTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined) {
      await this.#countDrops(socket);
      socket.close();
      await once(socket, 'close');
    }
    const deadline = Promise.withResolvers<void>();
    const timer = setTimeout(deadline.resolve, CLOSE_TIMEOUT_MS);
    await Promise.race([Promise.all(this.#waiting), deadline.promise]);
    clearTimeout(timer);
  }

  #receive(datagram: Buffer, { address }: RemoteInfo): void {
    const work = this.#keep(datagram, senderText(address, undefined));
    this.#waiting.add(work);
    work.finally(() => this.#waiting.delete(work));
  }

  /** Never rejects: what goes wrong is counted. */
  async #keep(datagram: Buffer, sender: string): Promise<void> {
    let spanCount = 0;
    try {
      const admitted = admitJaeger(readEmitBatch(new READER[this.#encoding](datagram)));
      spanCount = spanCountOf(admitted);
      this.#take(datagram.length);
      try {
        await keep(admitted, this.#options, sender);
      } finally {
        this.#give(datagram.length);
      }
    } catch (cause) {
      const isOurs = cause instanceof ThroughlineError;
      if (!isOurs) this.#options.logger.error({ err: cause }, 'a datagram failed');
      const error = isOurs
        ? cause
        : new ThroughlineError('TL_INTERNAL', 'see the server log', { cause });
      this.#options.counters.reject(error, { sender, spanCount });
    }
  }

  #take(bytes: number): void {
    const isFull = this.#waiting.size >= WAITING_MAX;
    if (isFull || this.#waitingBytes + bytes > WAITING_BYTES_MAX) {
      const message = 'the datagram is dropped: too many wait for the journal';
      const hint = 'Send less, or over HTTP, where the sender is told.';
      throw new ThroughlineError('TL_OVERLOADED', message, { hint });
    }
    this.#options.inFlight.take(bytes);
    this.#waitingBytes += bytes;
  }

  #give(bytes: number): void {
    this.#options.inFlight.give(bytes);
    this.#waitingBytes -= bytes;
  }

  async #countDrops(socket: Socket): Promise<void> {
    const { address, port } = socket.address();
    const drops = (await kernelDrops(address, port)) ?? this.#drops;
    const message = 'the kernel dropped the datagram: they come faster than they are read';
    const hint = 'Send less, raise net.core.rmem_max, or send over HTTP.';
    const error = new ThroughlineError('TL_OVERLOADED', message, { hint });
    for (; this.#drops < drops; this.#drops += 1) {
      this.#options.counters.reject(error, { sender: 'kernel', spanCount: 0 });
    }
  }
}
