// A limit on expected shortfall through 2008, on the recorded daily market of eight equities: what the gate
// did, and what it measured against a calculation from the file's own prices. docs/risk.md tells of it.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { builtInModels } from "../../processors/models.ts";
import { flowTopology } from "../../processors/topology.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import { runClosed } from "../../streams/closed-run.ts";
import type { EventOf } from "../../streams/event.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { configFromText } from "../config/load-config.ts";
import { corporateActions } from "../import/action-rows.ts";
import { importFiles } from "../import/import-files.ts";
import { importNotices } from "../import/import-notices.ts";
import { defaultOptions } from "../import/import-options.ts";
import { eventsOf, filesOf } from "../import/testing/imported.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const data = process.env.TAPEDECK_DATA ?? join(root, "../shared/data");
const daily = join(data, "bars-1d-8-equities-1998-2021.csv.gz");
const there = existsSync(daily);
if (!there) console.warn(`skipped: no recorded markets at ${data}; set TAPEDECK_DATA`);

const config = (limit: string) => `tape: x
source: bars
features: { emaFast: 20, emaSlow: 60, volatility: 60 }
model: ema-cross
sizing: { method: equal-weight, gross: 1, allowShort: false, rebalance: { every: 1 month, minimumValue: 1000 } }
risk:
  { maxPosition: off, maxGrossExposure: off, maxOrderValue: off, maxDrawdown: off, priceCollar: off${limit} }
venue: { fill: next-open, slippage: 0.0005, fee: 0.0001 }
`;

async function run(limit: string) {
  const lines = gunzipSync(readFileSync(daily)).toString().trim().split("\n");
  const kept = lines.filter((line) => {
    const [date = "", symbol = ""] = line.split(",");
    return symbol !== "EEM" || date >= "2003-04-11" || date === "date";
  });
  const tape = createMemoryLog();
  const files = filesOf({ "daily.csv.gz": gzipSync(kept.join("\n")) });
  await importFiles(files, defaultOptions("bars"), async () => tape);
  await importNotices(
    corporateActions,
    [join(root, "examples/corporate-actions-8-equities.csv")],
    { session: null, delimiter: null, columns: null },
    async () => tape,
  );
  const { flow } = configFromText(config(limit), "run.yaml");
  const model = builtInModels["ema-cross"]?.();
  if (model === undefined) throw new Error("there is no built-in model ema-cross");
  const target = createMemoryLog();
  await runClosed({
    topology: flowTopology({ ...flow, model }),
    partitions: 1,
    sourceOf: () => tape,
    target,
  });
  const events = await eventsOf(target);
  return <T extends TopicName>(topic: T): EventOf<T>[] =>
    events.filter((event): event is EventOf<T> => event.topic === topic);
}
const percent = (part: number): string => `${(part * 100).toFixed(2)} %`;
const mean = (values: readonly number[]): number =>
  values.reduce((sum, one) => sum + one, 0) / values.length;

interface Year {
  readonly outcomes: Map<string, number>;
  readonly exposures: number[];
  readonly equities: Map<string, number>;
}

/** What became of each year: verdicts, exposure at every mark, equity at the end of every day. */
async function years(limit: string): Promise<(year: number) => string> {
  const of = await run(limit);
  const found = new Map<number, Year>();
  const at = (timeUs: number): Year => {
    const year = new Date(timeUs / 1000).getUTCFullYear();
    const one = found.get(year) ?? { outcomes: new Map(), exposures: [], equities: new Map() };
    found.set(year, one);
    return one;
  };
  for (const { timeUs, value } of of("risk.verdicts")) {
    const { outcomes } = at(timeUs);
    outcomes.set(value.outcome, (outcomes.get(value.outcome) ?? 0) + 1);
  }
  for (const { timeUs, value } of of("portfolio.snapshots")) {
    const one = at(timeUs);
    one.exposures.push(Number(value.grossExposure) / Number(value.equity));
    one.equities.set(new Date(timeUs / 1000).toISOString().slice(0, 10), Number(value.equity));
  }
  return (year) => {
    const { outcomes, exposures, equities } = found.get(year) as Year;
    const before = [...(found.get(year - 1) as Year).equities.values()].at(-1) as number;
    const closes = [before, ...equities.values()];
    const returns = closes.slice(1).map((close, i) => close / (closes[i] as number) - 1);
    const worst = returns.sort((a, b) => a - b).slice(0, Math.floor(returns.length * 0.05) + 1);
    const count = (outcome: string) => outcomes.get(outcome) ?? 0;
    const verdicts = `${count("PASS")} / ${count("SCALE")} / ${count("DENY")}`;
    return `| ${verdicts} | ${percent(mean(exposures))} | ${percent(-mean(worst))} |`;
  };
}

describe.skipIf(!there)("a limit on expected shortfall through 2008", () => {
  test("did what docs/risk.md says", async () => {
    const page = readFileSync(join(root, "docs/risk.md"), "utf8");
    const [free, limited] = [
      await years(""),
      await years(", maxExpectedShortfall: 0.02, returnsWindow: 250, onBreach: scale"),
    ];
    for (const year of [2007, 2008, 2009, 2010]) {
      expect(page).toContain(`| ${year} | none ${free(year)}`);
      expect(page).toContain(`| ${year} | 2 % ${limited(year)}`);
    }
  });
});
