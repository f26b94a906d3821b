// How scenarios are asked for on the command line: METHOD, METHOD:COUNT, or factor:COUNT:FACTORS.

import type { ScenarioRecipe } from "../../quant/scenarios/scenario-recipe.ts";

export const DEFAULT_COUNT = 10_000;
const MOST = 10_000_000;

export const scenarioMethods: Readonly<Record<string, string>> = {
  historical: "each period of the file once",
  bootstrap: "periods redrawn in runs (stationary bootstrap)",
  gaussian: "normal, covariance shrunk (Ledoit and Wolf)",
  "student-t": "heavy tails for all at once, degrees of freedom fitted",
  kernel: "periods redrawn and smoothed (Silverman's bandwidth)",
  factor: "principal components and each asset's own part, redrawn (factor:COUNT:FACTORS)",
  filtered: "shocks redrawn at today's volatility (GARCH)",
};

/** A recipe; or why there is none, in words. */
export function readScenarios(text: string, seed: number): ScenarioRecipe | string {
  const [method = "", countText, factorText, ...rest] = text.split(":");
  if (!Object.hasOwn(scenarioMethods, method)) {
    return `${method} is no method; there are ${Object.keys(scenarioMethods).join(", ")}`;
  }
  if (method === "historical") {
    return countText === undefined ? { kind: "HISTORICAL" } : "historical takes no number";
  }
  const count = countText === undefined ? DEFAULT_COUNT : whole(countText);
  if (count === null || count > MOST) return `give a whole number of scenarios up to ${MOST}`;
  if (rest.length > 0 || (factorText !== undefined && method !== "factor")) {
    return `write ${method}:${count}`;
  }
  switch (method) {
    case "bootstrap":
      return { kind: "BOOTSTRAP", count, seed };
    case "gaussian":
      return { kind: "GAUSSIAN", count, seed };
    case "student-t":
      return { kind: "STUDENT_T", count, seed };
    case "kernel":
      return { kind: "KERNEL", count, seed };
    case "filtered":
      return { kind: "FILTERED_HISTORICAL", count, seed };
  }
  const factors = factorText === undefined ? 3 : whole(factorText);
  return factors === null ? "write factor:10000:3" : { kind: "FACTOR", count, seed, factors };
}

function whole(text: string): number | null {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return value >= 1 ? value : null;
}
