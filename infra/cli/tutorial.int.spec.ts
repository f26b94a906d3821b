// The tutorial's files as they stand there, by the commands that it tells: each model trades on a simulated
// tape, and its run is verified.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runTapedeck } from "./testing/run-command.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/tutorial.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "tapedeck-tutorial-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tapedeck = (...args: readonly string[]) => runTapedeck(args, { cwd: folder });

/** The files that the page tells to save, by name: the blocks of a language, in order. */
function save(language: string, names: readonly string[]): void {
  const blocks = [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))];
  expect(blocks).toHaveLength(names.length);
  for (const [i, name] of names.entries()) {
    expect(page).toContain(`\`${name}\``);
    writeFileSync(join(folder, name), blocks[i]?.[1] ?? "");
  }
}

beforeAll(() => {
  save("ts", ["calm-trend.ts", "leaders.ts"]);
  save("yaml", ["calm-trend.yaml", "leaders.yaml"]);
  expect(tapedeck("simulate", "--tape", "tape", "--seed", "7", "--days", "1").status).toBe(0);
});

describe("the tutorial", () => {
  test.each(["calm-trend", "leaders"])("%s trades, and its run is verified", (name) => {
    expect(page).toContain(`npx tapedeck backtest ${name}.yaml`);
    const { status, stdout } = tapedeck("backtest", `${name}.yaml`, "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout).metrics.fills).toBeGreaterThan(10);
    expect(tapedeck("verify", "latest").stdout).toMatch(/^identical/);
  });
});
