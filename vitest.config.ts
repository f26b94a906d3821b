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
  },
});

export default defineConfig({
  test: {
    projects: [project("unit", 20_000), project("int", 180_000), project("sim", 600_000)],
  },
});
