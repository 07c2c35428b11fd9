// Which receivers start, and what is said of those that do not.
// Run alone: npx vitest run --project system test/receivers-start.test.ts
import { once } from 'node:events';
import { createServer } from 'node:net';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { accessCheck } from '../packages/server/src/access.ts';
import { BytesInFlight } from '../packages/server/src/receive/body.ts';
import { IngestCounters } from '../packages/server/src/receive/counters.ts';
import { type ReceiverPorts, startReceivers } from '../packages/server/src/receivers.ts';

const HOST = '127.0.0.1';

function start(ports: Partial<ReceiverPorts>, asksSenders = false) {
  return startReceivers({
    ports: {
      otlpHttpPort: 0,
      otlpGrpcPort: 0,
      jaegerPorts: true,
      jaegerCompactPort: 0,
      jaegerBinaryPort: 0,
      jaegerHttpPort: 0,
      zipkinPort: 0,
      ...ports,
    },
    address: { host: HOST, isSecure: false },
    asksSenders,
    shared: {
      append: async () => undefined,
      inFlight: new BytesInFlight(1_000),
      access: accessCheck(undefined),
      tls: undefined,
      logger: pino({ level: 'silent' }),
    },
    counters: new IngestCounters(),
    onReceiver: (receiver) => onTestFinished(() => receiver.close()),
  });
}

/** Takes a port, unless another program has it already. */
async function take(port: number): Promise<number> {
  const server = createServer();
  server.listen(port, HOST);
  await Promise.race([once(server, 'listening'), once(server, 'error')]).catch(() => undefined);
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

test('all receivers start, those over UDP on loopback', async () => {
  const { endpoints, warnings } = await start({});
  expect(endpoints).toEqual({
    otlpHttp: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    otlpGrpc: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    jaegerHttp: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    jaegerCompact: expect.stringMatching(/^udp:\/\/127\.0\.0\.1:\d+$/),
    jaegerBinary: expect.stringMatching(/^udp:\/\/127\.0\.0\.1:\d+$/),
    zipkin: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
  });
  expect(warnings).toEqual([]);
});

test('without the Jaeger ports the others start', async () => {
  const { endpoints } = await start({ jaegerPorts: false });
  expect(Object.keys(endpoints).sort()).toEqual(['otlpGrpc', 'otlpHttp', 'zipkin']);
});

test('beside a token, UDP is received only on a port that was asked for', async () => {
  const { endpoints, warnings } = await start({ jaegerCompactPort: undefined }, true);
  expect(endpoints).toHaveProperty('jaegerBinary');
  expect(endpoints).not.toHaveProperty('jaegerCompact');
  expect(warnings).toEqual([
    'No jaeger-compact receiver: UDP carries no token. Set --jaeger-compact-port to have it on 127.0.0.1 all the same.',
  ]);
});

test('a taken port that nobody asked for costs that receiver only', async () => {
  await take(9411);
  const { endpoints, warnings } = await start({ zipkinPort: undefined });
  expect(endpoints).not.toHaveProperty('zipkin');
  expect(endpoints).toHaveProperty('otlpHttp');
  expect(warnings).toEqual([
    expect.stringMatching(/^No zipkin receiver: port 9411 \(zipkin\) is in use\. .*--zipkin-port/),
  ]);
});

test('a taken port that was asked for is an error', async () => {
  const port = await take(0);
  await expect(start({ jaegerHttpPort: port })).rejects.toMatchObject({
    code: 'TL_PORT_IN_USE',
    message: `port ${port} (jaeger-http) is in use`,
  });
});
