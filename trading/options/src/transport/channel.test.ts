import { startTracing } from '@throughline/sdk';
import { noFaults } from '@throughline/service';
import { expect, onTestFinished, test } from 'vitest';
import { Channels, ChannelTransport } from './channel.ts';
import type { Log, TransportOptions } from './transport.ts';

const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

function transport(channels: Channels, faults: Partial<TransportOptions['faults']> = {}) {
  const tracing = startTracing({ serviceName: 'test', exporter: 'none', global: false });
  onTestFinished(async () => {
    await tracing.shutdown();
  });
  const options = { tracing, logger: SILENT, faults: { ...noFaults(), ...faults } };
  return { tracing, transport: new ChannelTransport(options, channels) };
}

const SUBSCRIPTION = { topic: 't', group: 'g', processName: 'process', batchMessagesMax: 10 };

test('messages arrive in their order, each in the context of its own send', async () => {
  const { tracing, transport: ours } = transport(new Channels());
  const sender = ours.sender('t', 'send t');
  for (const key of ['1', '2', '3']) await sender.send({ key, value: `value ${key}` });
  const received: string[] = [];
  const done = Promise.withResolvers<void>();
  await ours.subscribe(SUBSCRIPTION, async (messages, process) => {
    for (const message of messages) {
      await process(message, async () => {
        received.push(`${message.key} ${message.value}`);
      });
    }
    done.resolve();
  });
  await done.promise;
  await ours.close();
  expect(received).toEqual(['1 value 1', '2 value 2', '3 value 3']);
  expect(tracing.stats().messages).toMatchObject({ withContext: 3, withoutContext: 0 });
});

test('a batch whose handler fails comes again', async () => {
  const { transport: ours } = transport(new Channels());
  await ours.sender('t', 'send t').send({ key: '1', value: 'x' });
  let attempts = 0;
  const done = Promise.withResolvers<void>();
  await ours.subscribe(SUBSCRIPTION, async () => {
    attempts += 1;
    if (attempts === 1) throw new Error('the database is away');
    done.resolve();
  });
  await done.promise;
  await ours.close();
  expect(attempts).toBe(2);
});

test('faults lose contexts and deliver twice', async () => {
  const faults = { losesTraceHeader: () => true, deliveries: () => 2 as const };
  const { tracing, transport: ours } = transport(new Channels(), faults);
  await ours.sender('t', 'send t').send({ key: '1', value: 'x' });
  const done = Promise.withResolvers<number>();
  await ours.subscribe(SUBSCRIPTION, async (messages, process) => {
    for (const message of messages) await process(message, async () => undefined);
    done.resolve(messages.length);
  });
  expect(await done.promise).toBe(2);
  await ours.close();
  expect(tracing.stats().messages).toMatchObject({ withContext: 0, withoutContext: 2 });
});

test('what nobody listens to does not hold its sender up', async () => {
  const { transport: ours } = transport(new Channels());
  const sender = ours.sender('unheard', 'send unheard');
  for (let count = 0; count < 2_000; count += 1) await sender.send({ key: '1', value: 'x' });
  await ours.close();
});
