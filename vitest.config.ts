import { defineConfig } from 'vitest/config';

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
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
