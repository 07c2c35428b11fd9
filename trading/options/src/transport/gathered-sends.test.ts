import { expect, test } from 'vitest';
import { GatheredSends } from './gathered-sends.ts';

/** Requests that the test answers by hand. */
function recorded() {
  const requests: (readonly string[])[] = [];
  const answers: PromiseWithResolvers<unknown>[] = [];
  const send = ({ messages }: { messages: string[] }): Promise<unknown> => {
    requests.push(messages);
    const answer = Promise.withResolvers<unknown>();
    answers.push(answer);
    return answer.promise;
  };
  return { requests, answers, send };
}

test('what comes while a request is under way shares the next one, in order, up to the limit', async () => {
  const { requests, answers, send } = recorded();
  const sends = new GatheredSends(send, 2);
  const sent = ['a', 'b', 'c', 'd'].map((message) => sends.send({ messages: [message] }));
  expect(requests).toEqual([['a']]);
  answers[0]?.resolve('first');
  expect(await sent[0]).toBe('first');
  await Promise.resolve();
  expect(requests).toEqual([['a'], ['b', 'c']]);
  answers[1]?.resolve('second');
  expect(await Promise.all([sent[1], sent[2]])).toEqual(['second', 'second']);
  await Promise.resolve();
  expect(requests[2]).toEqual(['d']);
});

test('a request that fails fails its sends, not those after it', async () => {
  const { answers, send } = recorded();
  const sends = new GatheredSends(send, 10);
  const first = sends.send({ messages: ['a'] });
  const others = [sends.send({ messages: ['b'] }), sends.send({ messages: ['c'] })];
  answers[0]?.reject(new Error('the broker is gone'));
  await expect(first).rejects.toThrow('the broker is gone');
  await Promise.resolve();
  answers[1]?.resolve('sent');
  expect(await Promise.all(others)).toEqual(['sent', 'sent']);
});
