import { defineConfig } from 'vitest/config';

/** `expect.poll` waits for a condition: on a machine that stands still for seconds, longer than one. */
const POLL = { poll: { timeout: 60_000 } };

/** `unit`: beside the code, no process and no port. `system`: real processes, browsers, crashes (test/). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'trading/*/src/**/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          // Property tests over large graphs take seconds, and several times as long on a busy machine.
          testTimeout: 120_000,
          expect: POLL,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          expect: POLL,
          fileParallelism: false,
        },
      },
    ],
  },
});
