// Corporate actions as a user has them: imported onto a tape that a run has read already, and then read.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeMarketTape } from "../run/testing/market-tape.ts";
import { runTapedeck } from "./testing/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-actions-"));

const tapedeck = (...args: string[]) => {
  const ended = runTapedeck(args, { cwd: folder });
  expect(ended.stderr).not.toMatch(/^\s+at /m);
  return ended;
};

const json = (...args: string[]) => JSON.parse(tapedeck(...args, "--json").stdout);
const importing = (file: string) =>
  tapedeck("import", file, "--as", "actions", "--tape", "tape", "--json");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a run of before is still verified, a new one follows them, and a bad file changes nothing", async () => {
  await writeMarketTape(join(folder, "tape"), { symbols: ["AAA", "BBB"], bars: 6000, seed: 3 });
  writeFileSync(join(folder, "run.yaml"), "tape: tape\nsource: bars\n");
  const before = json("backtest", "run.yaml");

  writeFileSync(join(folder, "none.csv"), "date,symbol,action,ratio\n2020-09-14,CCC,SPLIT,2:1\n");
  const refused = importing("none.csv");
  expect(refused.status).toBe(3);
  expect(refused.stdout).toContain("IMPORT_NO_ROWS");
  expect(json("backtest", "run.yaml").run).toBe(before.run);

  const rows = ["2020-09-14,AAA,SPLIT,3:2", "2020-09-14,CCC,SPLIT,2:1"];
  writeFileSync(join(folder, "some.csv"), `date,symbol,action,ratio\n${rows.join("\n")}\n`);
  const done = importing("some.csv");
  expect(done.status).toBe(0);
  expect(JSON.parse(done.stdout)).toMatchObject({
    rows: 2,
    events: 1,
    reasons: { IMPORT_SYMBOL_UNKNOWN: 1 },
    symbols: { AAA: 1 },
  });

  const verified = tapedeck("verify", before.run);
  expect([verified.status, verified.stdout]).toEqual([0, expect.stringMatching(/^identical/)]);
  const after = json("backtest", "run.yaml");
  expect(after.hash).not.toBe(before.hash);
  expect(tapedeck("verify", after.run).status).toBe(0);
  const actions = json("inspect", "events", "tape", "--topic", "market.corporate-actions");
  expect(JSON.stringify(actions)).toContain("2020-09-14T13:30:00Z");
});
