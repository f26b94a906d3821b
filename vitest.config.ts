// Three kinds of test, told by the suffix: unit (one module, pure), int (real disk, real
// processes), sim (the whole graph under seeded faults).
import { defineConfig } from "vitest/config";

const project = (name: string, testTimeout: number) => ({
  test: {
    name,
    include: [
      `{schemas,quant,streams,processors,projections,infra,bench,docs,law,packaging}/**/*.${name}.spec.ts`,
    ],
    testTimeout,
    // What a file prepares may compile, simulate and run as much as a test does.
    hookTimeout: testTimeout,
  },
});

export default defineConfig({
  test: {
    // Many wait for processes and disks: every core is worth a worker.
    maxWorkers: "100%",
    projects: [project("unit", 60_000), project("int", 300_000), project("sim", 600_000)],
  },
});
