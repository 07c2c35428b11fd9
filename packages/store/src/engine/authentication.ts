import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ClickHouseException } from './exceptions.ts';

/** The one user that the engine has. */
const USER = 'default';

/**
 * Takes the credentials where ClickHouse takes them: from `Authorization: Basic`, from
 * `X-ClickHouse-User` and `X-ClickHouse-Key`, or from the URL.
 *
 * @throws ClickHouseException REQUIRED_PASSWORD, AUTHENTICATION_FAILED
 */
export function authenticate(
  request: IncomingMessage,
  search: URLSearchParams,
  passwordHash: Buffer,
): void {
  const { user, password } = basic(request) ??
    headers(request) ?? {
      user: search.get('user') ?? USER,
      password: search.get('password') ?? undefined,
    };
  if (password === undefined) {
    throw new ClickHouseException('REQUIRED_PASSWORD', 'Password required.');
  }
  const isRight = timingSafeEqual(hashPassword(password), passwordHash);
  if (!isRight || (user !== USER && user !== '')) {
    throw new ClickHouseException('AUTHENTICATION_FAILED', `${user}: Authentication failed.`);
  }
}

export function hashPassword(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

interface Credentials {
  user: string;
  password: string | undefined;
}

function basic(request: IncomingMessage): Credentials | undefined {
  const [, encoded] = /^basic (.*)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [user = '', password = ''] = Buffer.from(encoded, 'base64').toString().split(/:(.*)/s);
  return { user, password };
}

function headers(request: IncomingMessage): Credentials | undefined {
  const user = request.headers['x-clickhouse-user'];
  const password = request.headers['x-clickhouse-key'];
  if (user === undefined && password === undefined) return undefined;
  return { user: String(user ?? USER), password: password === undefined ? '' : String(password) };
}
