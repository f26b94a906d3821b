import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { codeDigestOf } from "./code-digest.ts";

const root = mkdtempSync(join(tmpdir(), "tapedeck-digest-"));
afterAll(() => rmSync(root, { recursive: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}

test("tells code that decides apart, and nothing else", () => {
  const deciding = ["schemas", "quant", "streams", "processors", "projections"];
  const files = [...deciding, "infra/config"].map((folder) => `${folder}/one.ts`);
  files.push("infra/run/execute.ts");
  for (const name of files) write(name, "1");
  const before = codeDigestOf(root);
  for (const name of ["streams/one.unit.spec.ts", "streams/testing/two.ts", "infra/run/three.ts"]) {
    write(name, "1");
    expect(codeDigestOf(root), name).toBe(before);
  }
  for (const name of files) {
    write(name, "2");
    expect(codeDigestOf(root), name).not.toBe(before);
    write(name, "1");
  }
  expect(codeDigestOf(root)).toBe(before);
});
