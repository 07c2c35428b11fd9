import { THREADS } from './limits.ts';

/** The environment of the engine's process: libuv reads there how many threads it may start. */
export function engineEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, UV_THREADPOOL_SIZE: String(THREADS) };
}
