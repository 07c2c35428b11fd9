import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import {
  Server as GrpcServer,
  logVerbosity,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  setLogVerbosity,
} from '@grpc/grpc-js';
import { ThroughlineError } from '@throughline/model';
import { listenFailure } from '../listen.ts';
import { httpsOptions, secureContextOptions, type TlsFiles } from '../tls.ts';
import { Admission } from './admission.ts';
import { senderText } from './counters.ts';
import { type CallOptions, OtlpGrpcCall } from './otlp-grpc-call.ts';
import type { Receiver, ReceiverOptions } from './receiver.ts';

const MIB = 2 ** 20;
/** The limit that the OTLP specification recommends, before and after decompression. */
const BODY_BYTES_MAX = 64 * MIB;
const CONNECTIONS_MAX = 1_024;
/** Of one connection; exporters send a few at a time. */
const STREAMS_MAX = 100;
/** How long closing waits for calls under way; those cut off were not acknowledged. */
const CLOSE_TIMEOUT_MS = 5_000;

const LIMITS = {
  'grpc.max_concurrent_streams': STREAMS_MAX,
  /** In MB, of what HTTP/2 itself keeps of a connection; messages are not part of it. */
  'grpc-node.max_session_memory': 32,
  // Connections are renewed now and then, so that senders spread over servers that were added.
  'grpc.max_connection_age_ms': 30 * 60_000,
  'grpc.max_connection_age_grace_ms': 30_000,
  'grpc.max_connection_idle_ms': 5 * 60_000,
  // A sender that vanished is found out; one that pings costs an answer, which HTTP/2 bounds.
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.max_send_message_length': 4 * MIB,
  'grpc.enable_channelz': 0,
};

const COLLECTOR = '/opentelemetry.proto.collector.';
const TRACES_PATH = `${COLLECTOR}trace.v1.TraceService/Export`;
/** What OTLP also carries. Answered, so that a sender learns why nothing of it is seen. */
const OTHER_SIGNALS = new Map([
  [`${COLLECTOR}logs.v1.LogsService/Export`, 'logs'],
  [`${COLLECTOR}metrics.v1.MetricsService/Export`, 'metrics'],
  [`${COLLECTOR}profiles.v1development.ProfilesService/Export`, 'profiles'],
]);

/**
 * The OTLP/gRPC receiver for traces. A message is not decoded: its bytes are checked and go to the
 * journal. They count as in flight from the moment they come, and once more when they are
 * decompressed. What is not counted: 64 KiB that HTTP/2 lets a call have on the way, and the second
 * copy of a message for the moment in which its parts become one.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
 */
export function otlpGrpc(options: ReceiverOptions): Receiver {
  // It writes a line for each odd header, so anybody could fill the log.
  setLogVerbosity(logVerbosity.NONE);
  const { bodyBytesMax = BODY_BYTES_MAX } = options;
  const admission = new Admission();
  const server = new GrpcServer({
    ...LIMITS,
    'grpc.max_receive_message_length': bodyBytesMax,
    interceptors: [guard({ ...options, bodyBytesMax, admission })],
  });
  server.addService(SERVICE, IMPLEMENTATION);
  const http2 = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = listenerOf(options.tls, (socket) => http2.injectConnection(socket));
  listener.on('drop', (dropped) => countDropped(options, dropped?.remoteAddress));
  const sockets = new Set<Socket>();
  listener.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return {
    listen: async (host, port) => {
      try {
        listener.listen({ host, port });
        await once(listener, 'listening');
      } catch (cause) {
        throw listenFailure(cause, 'otlp-grpc', { host, port });
      }
      listener.on('error', (err) => options.logger.error({ err }, 'OTLP/gRPC listener'));
      return (listener.address() as AddressInfo).port;
    },
    close: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const deadline = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, CLOSE_TIMEOUT_MS);
      listener.close(() => {
        clearTimeout(deadline);
        resolve();
      });
      // Its callback comes too early, since it does not know our connections: the listener does.
      server.tryShutdown(() => undefined);
      await promise;
      await admission.close();
    },
  };
}

/** Each call has its `OtlpGrpcCall`, which the handler gets in place of the message. */
function guard(options: CallOptions): ServerInterceptor {
  return (method, call) => {
    const signal = OTHER_SIGNALS.get(method.path);
    const guarded = new OtlpGrpcCall(call, options);
    const listener = guarded.listener(signal === undefined ? undefined : notStored(signal));
    return new ServerInterceptingCall(call, { start: (next) => next(listener) });
  };
}

function notStored(signal: string): ThroughlineError {
  return new ThroughlineError('TL_NOT_FOUND', `${signal} are not stored, only traces`, {
    hint: `Export no ${signal} to this address.`,
  });
}

/** Messages pass as the bytes that they are. */
const METHOD = {
  requestStream: false,
  responseStream: false,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
};

const SERVICE: ServiceDefinition = Object.fromEntries(
  [TRACES_PATH, ...OTHER_SIGNALS.keys()].map((path) => [path, { ...METHOD, path }]),
);

const IMPLEMENTATION = Object.fromEntries(
  Object.keys(SERVICE).map((path) => [
    path,
    ({ request }: ServerUnaryCall<OtlpGrpcCall, Buffer>, respond: sendUnaryData<Buffer>) =>
      void request.keep(respond),
  ]),
);

/**
 * A listener of our own instead of the one of grpc-js: it can say why it does not listen, it limits
 * connections, and its certificate can be renewed.
 */
function listenerOf(tls: TlsFiles | undefined, onConnection: (socket: Socket) => void): Server {
  const listener =
    tls === undefined
      ? createServer({ noDelay: true }, onConnection)
      : createTlsServer(
          { ...httpsOptions(tls), noDelay: true, ALPNProtocols: ['h2'] },
          onConnection,
        );
  listener.maxConnections = CONNECTIONS_MAX;
  tls?.onRenewal?.((renewed) =>
    (listener as TlsServer).setSecureContext(secureContextOptions(renewed)),
  );
  return listener;
}

/** A connection beyond the limit is closed as it comes: it counts as one request. */
function countDropped({ counters }: ReceiverOptions, remoteAddress: string | undefined): void {
  const message = `more than ${CONNECTIONS_MAX} connections`;
  const sender = senderText(remoteAddress, undefined);
  counters.reject(new ThroughlineError('TL_OVERLOADED', message), { sender, spanCount: 0 });
}
