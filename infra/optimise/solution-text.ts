// An optimised portfolio for a terminal: weights, what it promises, what binds, what proves it.

import type { Portfolio, Problem } from "../../quant/optimiser/problem.ts";
import { printable, tableText } from "../cli/table.ts";
import { grouped, percent } from "../report/figures.ts";
import type { Frontier } from "./frontier-points.ts";
import { holdingsOf, measuresOf } from "./optimised.ts";

/** Weights that are written as nothing. */
export const DUST = 5e-7;
/** Columns of weights that a terminal has room for. */
const SHOWN_NAMES = 8;

export interface About {
  /** The problem's name, or the file's that states it. */
  readonly title: string;
  readonly scenarios: string;
  readonly span: string;
}

export function solutionText(about: About, problem: Problem, found: Portfolio): string {
  const { scenarios } = problem;
  const held = holdingsOf(scenarios, found).filter(({ weight }) => Math.abs(weight) > DUST);
  const rows = [...held]
    .sort((a, b) => b.weight - a.weight)
    .map(({ asset, weight, marginalRisk }) => ({
      asset,
      "weight %": (weight * 100).toFixed(4),
      "marginal risk": marginalRisk.toPrecision(6),
    }));
  if (Math.abs(found.cash) > DUST) {
    rows.push({ asset: "cash", "weight %": (found.cash * 100).toFixed(4), "marginal risk": "" });
  }
  const { expectedReturn, volatility, cvar, tailMass } = measuresOf(problem, found.weights);
  const left = scenarios.assets.length - held.length;
  const more = left > 0 ? `${left} of ${scenarios.assets.length} assets are not held\n` : "";
  const figures = [
    ["expected return", `${percent(expectedReturn, 4)} a period`],
    ["volatility", `${percent(volatility, 4)} a period`],
    [`CVaR at ${confidence(tailMass)}`, `${percent(cvar, 4)} a period`],
    ["objective", `${found.upper}`],
    ["no answer beats", `${found.lower}`],
    ["gap", `${small(found.gap)} relative`],
    ["largest violation", small(found.feasibility)],
  ];
  const width = Math.max(...figures.map(([name = ""]) => name.length));
  const lines = figures.map(([name = "", value = ""]) => `${name.padEnd(width)}  ${value}`);
  return [
    `${headline(about, problem)} · ${found.status}`,
    "",
    tableText(rows, "nothing is held") + more,
    lines.join("\n"),
    "",
    pricesText(found),
  ].join("\n");
}

/** A size that matters by its power of ten. */
const small = (value: number): string => (value === 0 ? "0" : value.toExponential(0));

export const headline = ({ title, scenarios, span }: About, { scenarios: set }: Problem): string =>
  printable(
    `${title} · ${set.assets.length} assets · ${grouped(String(set.count))} scenarios (${scenarios})${span}`,
  );

const confidence = (tailMass: number): string => `${+((1 - tailMass) * 100).toFixed(6)} %`;

function pricesText({ shadowPrices }: Portfolio): string {
  if (shadowPrices.length === 0) return "no limit binds\n";
  const rows = [...shadowPrices]
    .sort((a, b) => Math.abs(b.price) - Math.abs(a.price))
    .map(({ constraint, price }) => ({
      "binding limit": constraint,
      "a unit more gains": price.toPrecision(6),
    }));
  return tableText(rows, "no limit binds");
}

export function frontierText(about: About, problem: Problem, frontier: Frontier): string {
  const { assets } = problem.scenarios;
  const { points, risk } = frontier;
  const largest = assets.map((asset, j) => ({
    asset,
    j,
    most: Math.max(...points.map(({ weights }) => Math.abs(weights[j] as number))),
  }));
  const named = largest
    .filter(({ most }) => most > DUST)
    .sort((a, b) => b.most - a.most)
    .slice(0, SHOWN_NAMES);
  const others = largest.filter(({ most }) => most > DUST).length - named.length;
  const rows = points.map((point) => ({
    "return %": (point.expectedReturn * 100).toFixed(5),
    [risk === "cvar" ? `CVaR ${confidence(point.tailMass)}` : "volatility %"]: (
      point[risk] * 100
    ).toFixed(4),
    gap: small(point.gap),
    ...Object.fromEntries(
      named.map(({ asset, j }) => [asset, ((point.weights[j] as number) * 100).toFixed(2)]),
    ),
  }));
  const more = others > 0 ? `and ${others} more assets: --csv, --html or --json show all\n` : "";
  return `${headline(about, problem)} · efficient frontier of ${points.length} points\n\n${tableText(rows, "no point")}${more}`;
}
