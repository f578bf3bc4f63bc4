import { defineConfig } from 'vitest/config';
import { INSTANCED_DIRECTORIES, viteInstances } from './scripts/instances.mjs';

/** Limits catch what hangs: a good build on a machine that is busy with ten other things must not meet them. */
const MINUTE = 60_000;

// `vitest run` runs the suites that every `npm test` runs; `--mode long` the ones that only `npm run test:long` does.
export default defineConfig(({ mode }) => {
  const long = mode === 'long';
  return {
    plugins: [viteInstances([...INSTANCED_DIRECTORIES, 'test/style/fixtures/instanced'])],
    test: {
      include: [long ? 'test/**/*.long.ts' : 'test/**/*.test.ts'],
      // Processes rather than threads: a test file's machines (gigabytes of address space) go when its process goes.
      pool: 'forks',
      maxWorkers: 2,
      // One process takes many files of the fast suite, so that the machine is imported, and compiled by V8, once and not once a file.
      // Files cannot meet in it: no module has state (scripts/lint/no-module-state.grit). The long suites' machines are too large.
      isolate: long,
      testTimeout: (long ? 60 : 10) * MINUTE,
      hookTimeout: (long ? 60 : 10) * MINUTE,
      teardownTimeout: MINUTE,
    },
  };
});
