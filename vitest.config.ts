import { defineConfig } from 'vitest/config';
import { gpuEnvironment } from './scripts/gpuEnvironment.mjs';

const GPU_TESTS = 'src/**/*.gpu.test.ts';
const DOM_TESTS = ['src/ui/**/*.test.{ts,tsx}', 'src/store/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts'], exclude: [GPU_TESTS, ...DOM_TESTS], environment: 'node' } },
      { test: { name: 'dom', include: DOM_TESTS, environment: 'happy-dom' } },
      {
        test: {
          name: 'gpu',
          include: [GPU_TESTS],
          setupFiles: ['scripts/gpuGlobals.ts'],
          // A child process reads the driver from its environment when it starts; threads share the parent's.
          pool: 'forks',
          env: gpuEnvironment(process.env.LAB_ADAPTER ?? 'swiftshader'),
          // One Dawn for all files, one file at a time, after the other projects: the adapter is shared anyway.
          maxWorkers: 1,
          isolate: false,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
