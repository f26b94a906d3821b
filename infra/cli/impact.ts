// tapedeck impact: what proposed weights would have done to what a run holds at its end.

import { Command, InvalidArgumentError, Option } from "commander";
import { correlation } from "../../quant/benchmark-relative.ts";
import {
  impactOdds,
  kellyLeverage,
  type MixMeasures,
  mixMeasures,
  mixReturns,
  type Spread,
} from "../../quant/portfolio-impact.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { day, decimals, percent } from "../report/figures.ts";
import { commonReturns, readHistory, type SymbolHistory } from "../report/symbol-returns.ts";
import { readManifest } from "../run/manifest.ts";
import { DEFAULT_ROOT, findRun } from "../run/run-folder.ts";
import { accountOf, openView } from "../run/run-view.ts";
import { wholeNumber } from "./number-option.ts";
import { tableText } from "./table.ts";
import { requireComplete } from "./verify.ts";

const SAMPLES = 1000;
const LEVEL = 0.95;
const LEAST_DAYS = 20;
const MOST_WEIGHT = 100;

type Weights = ReadonlyMap<string, number>;

interface Options {
  readonly weights: Weights;
  readonly seed: number;
  readonly root: string;
}

export function impactCommand(): Command {
  return new Command("impact")
    .argument("<run>", "id, unique start of an id, folder, or `latest`")
    .addOption(
      new Option("--weights <symbol=part,...>", "parts of equity to hold instead; below 0 is short")
        .argParser(readWeights)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--seed <n>", "of the redrawn histories").argParser(wholeNumber(0)).default(7),
    )
    .option("--root <folder>", "where runs are kept", DEFAULT_ROOT)
    .addHelpText("after", help)
    .action(async (name: string, { weights, seed, root }: Options, command: Command) => {
      const folder = findRun(name, root);
      const manifest = readManifest(folder.manifest);
      requireComplete(manifest);
      const view = await openView(folder.path, root);
      const history = await readHistory(view.log, accountOf(manifest)).finally(() =>
        view.log.close(),
      );
      const found = impactOf(history, weights, seed);
      const json = command.optsWithGlobals().json === true;
      process.stdout.write(
        json ? `${JSON.stringify({ run: manifest.runId, ...found })}\n` : textOf(found),
      );
    });
}

function readWeights(text: string): Weights {
  const weights = new Map<string, number>();
  for (const part of text.split(",")) {
    const at = part.lastIndexOf("=");
    const symbol = part.slice(0, at).trim();
    const value = part.slice(at + 1).trim() === "" ? Number.NaN : Number(part.slice(at + 1));
    if (at < 1 || !(Math.abs(value) <= MOST_WEIGHT) || weights.has(symbol)) {
      throw new InvalidArgumentError(`write SYMBOL=0.1,OTHER=-0.05, each once; not ${part}`);
    }
    weights.set(symbol, value);
  }
  return weights;
}

/** Plain data: what --json prints. */
function impactOf({ closes, weights, equity }: SymbolHistory, proposed: Weights, seed: number) {
  const symbols = [...new Set([...weights.keys(), ...proposed.keys()])];
  const known = symbols.map((symbol) => closes.get(symbol) ?? refuse(symbol, [...closes.keys()]));
  const { series, perYear, span } = commonReturns(known);
  const days = series[0]?.length ?? 0;
  if (days < LEAST_DAYS || span === null) {
    throw new TapedeckError(
      "IMPACT_HISTORY_SHORT",
      `${symbols.join(", ")} ${symbols.length === 1 ? "has" : "have"} ${days} days of returns${symbols.length === 1 ? "" : " in common"}; it takes ${LEAST_DAYS}`,
      { days },
    );
  }
  const held = symbols.map((symbol) => weights.get(symbol) ?? 0);
  const wanted = symbols.map((symbol, i) => proposed.get(symbol) ?? (held[i] as number));
  const own = mixReturns(series, held);
  const isHeld = held.some((weight) => weight !== 0);
  return {
    equity,
    span: { from: day(span.fromUs), to: day(span.toUs), days, perYear },
    holdings: symbols.map((symbol, i) => ({
      symbol,
      before: held[i] as number,
      after: wanted[i] as number,
      /** Of the symbol's returns with those of the portfolio before. */
      correlation: isHeld ? correlation(series[i] as readonly number[], own) : null,
      kellyLeverage: kellyLeverage(series[i] as readonly number[]),
    })),
    before: mixMeasures(series, held, perYear),
    after: mixMeasures(series, wanted, perYear),
    odds: impactOdds(series, held, wanted, perYear, {
      seed,
      samples: SAMPLES,
      level: LEVEL,
    }),
    seed,
  };
}

function refuse(symbol: string, known: readonly string[]): never {
  throw new TapedeckError(
    "IMPACT_SYMBOL_UNKNOWN",
    `the run read no bar of ${symbol}; it read ${known.slice(0, 12).join(", ") || "none"}`,
    { symbol },
  );
}

interface Line {
  readonly name: keyof MixMeasures;
  readonly label: string;
  readonly write: (value: number | null) => string;
  readonly convention: string;
}

const ratio = (value: number | null): string => decimals(value, 2);
const part = (value: number | null): string => percent(value);

const LINES: readonly Line[] = [
  { name: "annualReturn", label: "return a year", write: part, convention: "geometric" },
  { name: "volatility", label: "volatility", write: part, convention: "sample (n − 1), annual" },
  { name: "sharpe", label: "Sharpe ratio", write: ratio, convention: "arithmetic, risk-free 0" },
  { name: "maxDrawdown", label: "maximum drawdown", write: part, convention: "of daily closes" },
  {
    name: "expectedShortfall",
    label: "expected shortfall",
    write: part,
    convention: "historical, 95 %, a day",
  },
  {
    name: "kellyLeverage",
    label: "Kelly leverage",
    write: ratio,
    convention: "mean over variance of the whole",
  },
  {
    name: "averageCorrelation",
    label: "average correlation",
    write: ratio,
    convention: "between the positions, weighted by risk",
  },
  { name: "gross", label: "gross exposure", write: part, convention: "of equity" },
  { name: "net", label: "net exposure", write: part, convention: "of equity" },
];

function textOf(found: ReturnType<typeof impactOf>): string {
  const { span, holdings, before, after, odds, equity, seed } = found;
  const drawn = odds as Partial<Record<keyof MixMeasures, Spread | null>>;
  const rows = LINES.map(({ name, label, write, convention }) => {
    const [old, now] = [before[name], after[name]];
    const spread = drawn[name] ?? null;
    return {
      measure: label,
      before: write(old),
      after: write(now),
      difference: old === null || now === null ? "–" : write(now - old),
      "95 % interval": spread === null ? "" : `${write(spread.lower)} to ${write(spread.upper)}`,
      convention,
    };
  });
  const weights = holdings.map((one) => ({
    symbol: one.symbol,
    before: percent(one.before),
    after: percent(one.after),
    correlation: ratio(one.correlation),
    "Kelly leverage": ratio(one.kellyLeverage),
  }));
  const rises = odds.sharpeRises;
  return `${tableText(weights, "")}
${tableText(rows, "")}
${span.days} days from ${span.from} to ${span.to}, ${span.perYear} a year; equity at the run's end ${equity}. Both portfolios hold their
weights on every day, at no cost; the rest is cash that earns nothing. Intervals: ${SAMPLES} stationary bootstraps of both
together, seed ${seed}.${rises === null ? "" : ` The Sharpe ratio rises in ${percent(rises, 1)} of them.`} What was is no forecast.
`;
}

const help = `
Before: the weights that the run holds at its end. After: the same with those that are proposed in their
place. A symbol's correlation is with the portfolio before. Formulas stand in docs/analysis.md.

Exit codes: 0 done · 2 no such run or symbol · 3 too little history in common · 4 the log is damaged

Examples:
  $ tapedeck impact latest --weights AAPL=0.1
  $ tapedeck impact latest --weights AAPL=0.1,SPY=-0.05 --json | jq .after.sharpe`;
