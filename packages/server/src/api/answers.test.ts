import { ThroughlineError } from '@throughline/model';
import pino from 'pino';
import { expect, test } from 'vitest';
import { httpServer } from '../http-server.ts';
import { answerBrokenHttp, answerErrors } from './answers.ts';

function server(options: object = {}) {
  const logger = pino({ level: 'silent' });
  const app = httpServer(
    { logger, tls: undefined },
    { clientErrorHandler: answerBrokenHttp, ...options },
  );
  answerErrors(app);
  return app;
}

/** Status and code of the answer. */
function read({ statusCode, body }: { statusCode: number; body: string }): [number, string] {
  return [statusCode, JSON.parse(body).error.code];
}

test('an answer that takes too long is given up with a code', async () => {
  const app = server({ handlerTimeout: 1 });
  app.get('/', () => new Promise(() => undefined));
  expect(read(await app.inject('/'))).toEqual([504, 'TL_QUERY_TIMEOUT']);
});

test('what is told to come again is told when', async () => {
  const app = server();
  app.get('/', async () => {
    throw new ThroughlineError('TL_OVERLOADED', 'too many');
  });
  const answer = await app.inject('/');
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, '1']);
});

test('a defect of ours is told to the log only', async () => {
  const app = server();
  app.get('/', async () => {
    throw new TypeError('a secret detail');
  });
  const answer = await app.inject('/');
  expect(read(answer)).toEqual([500, 'TL_INTERNAL']);
  expect(answer.body).not.toContain('detail');
});

test('a path that is not there is named without its query', async () => {
  const answer = await server().inject('/api/none?token=secret');
  expect(read(answer)).toEqual([404, 'TL_NOT_FOUND']);
  expect(answer.body).toContain('/api/none');
  expect(answer.body).not.toContain('secret');
});

test('what is not HTTP is answered with a code', async () => {
  const app = server();
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${url}/${'x'.repeat(20_000)}`);
  expect(await answer.json()).toMatchObject({ error: { code: 'TL_BAD_REQUEST' } });
  await app.close();
});
