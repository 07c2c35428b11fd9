import { EventEmitter } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { testTracing } from '../../testing/tracing.ts';
import { onTraced } from './consumer.ts';
import { acceptRelays } from './relay.ts';

test("a thread's offer of its spans is no message for the service", () => {
  const tracing = testTracing();
  const thread = new EventEmitter();
  const events: unknown[] = [];
  const stop = acceptRelays(thread, tracing);
  onTraced(thread, ({ event }) => events.push(event));
  const { port1, port2 } = new MessageChannel();
  thread.emit('message', { throughlineRelay: port1 });
  thread.emit('message', { throughlineRelay: 'the service says this itself' });
  thread.emit('message', 'tick');
  expect(events).toEqual([{ throughlineRelay: 'the service says this itself' }, 'tick']);
  stop();
  port2.close();
});
