// The two examples of docs/orders.md on the recorded minute bars of TAPEDECK_DATA: the page's table is what they print.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EventOf } from "../../streams/event.ts";
import { runTapedeck } from "../cli/testing/run-command.ts";
import { eventsOf } from "../import/testing/imported.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const data = process.env.TAPEDECK_DATA ?? join(root, "../shared/data");
const path = join(data, "bars-1m-4-equities-2013-10.csv.gz");
const there = existsSync(path);
if (!there) console.warn(`skipped: no recorded markets at ${data}; set TAPEDECK_DATA`);

const page = readFileSync(join(root, "docs/orders.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "tapedeck-order-shapes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tapedeck(...args: readonly string[]): string {
  const { status, stdout, stderr } = runTapedeck(args, { cwd: folder });
  expect(status, stderr).toBe(0);
  return stdout;
}

beforeAll(() => {
  if (!there) return;
  tapedeck("import", path, "--as", "bars", "--tape", ".tapedeck/tapes/minutes");
  for (const name of ["breakout.yaml", "patient.yaml"]) {
    const yaml = page.split("```").find((block) => block.startsWith(`yaml\n# ${name}`)) ?? "";
    writeFileSync(join(folder, name), yaml.slice("yaml\n".length));
  }
});

interface Metrics {
  readonly orders: number;
  readonly fills: number;
  readonly trades: number;
  readonly totalReturn: number;
  readonly fees: string;
  readonly slippage: string;
}

async function ordersOf(run: string): Promise<readonly EventOf<"orders">["value"][]> {
  const log = await openEmbeddedLog(join(folder, ".tapedeck/runs", run, "log"), { mode: "read" });
  const events = await eventsOf(log);
  await log.close();
  return events.flatMap((event) => (event.topic === "orders" ? [event.value] : []));
}

describe.runIf(there)("orders on recorded minutes", () => {
  test.each([
    ["breakout.yaml", "breakout.yaml", []],
    ["with `--set orders.bracket=false`", "breakout.yaml", ["--set", "orders.bracket=false"]],
    ["patient.yaml", "patient.yaml", []],
    ["with `--set orders.reprice=off`", "patient.yaml", ["--set", "orders.reprice=off"]],
  ])("%s does what its row says", async (row, config, flags) => {
    const { run } = JSON.parse(tapedeck("backtest", config, ...flags, "--json"));
    const file = join(folder, ".tapedeck/runs", run, "metrics.json");
    const metrics = JSON.parse(readFileSync(file, "utf8")) as Metrics;
    const asked = await ordersOf(run);
    const sent = asked.filter(({ action }) => action === "NEW").length;
    const amended = asked.filter(({ action }) => action === "REPLACE").length;
    const costs = Number(metrics.fees) + Number(metrics.slippage);
    const cells = [
      ...[row, sent, amended, metrics.fills, metrics.trades].map((cell) =>
        cell.toLocaleString("en"),
      ),
      `${(100 * metrics.totalReturn).toFixed(2)} %`,
      `${Math.round(costs).toLocaleString("en")} USD`,
    ];
    const rows = page.split("\n").filter((line) => line.startsWith(`| ${row} |`));
    expect(rows).toEqual([`| ${cells.join(" | ")} |`]);
  });

  test("a bracket's children come with an entry, and each entry is a stop", async () => {
    const { run } = JSON.parse(tapedeck("backtest", "breakout.yaml", "--json"));
    const asked = (await ordersOf(run)).filter(({ action }) => action === "NEW");
    const entries = asked.filter(({ reduceOnly }) => !reduceOnly);
    expect(new Set(entries.map(({ type }) => type))).toEqual(new Set(["STOP"]));
    const ids = new Set(entries.map(({ orderId }) => orderId));
    const children = asked.filter(({ parentOrderId }) => parentOrderId !== null);
    expect(children.length).toBeGreaterThan(entries.length);
    for (const { parentOrderId } of children) expect(ids).toContain(parentOrderId);
  });
});
