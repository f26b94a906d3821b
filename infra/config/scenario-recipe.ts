// How scenarios are made, in machine units. Promises: a setting that the kind has no use for is refused by its place,
// never passed over.

import type { Draw, ScenarioRecipe } from "../../quant/scenarios/scenario-recipe.ts";
import type { HumanScenarios } from "./human-config.ts";
import type { Fail } from "./optimiser.ts";

type Kind = NonNullable<HumanScenarios["kind"]>;

const COUNT = 10_000;
const SEED = 1;
const FACTORS = 3;
const drawn = ["count", "seed"] as const;

/** What each kind takes beside stress. */
const uses: Readonly<Record<Kind, readonly (keyof HumanScenarios)[]>> = {
  historical: ["decay"],
  bootstrap: [...drawn, "blockLength", "horizon"],
  "path-bootstrap": [...drawn, "blockLength", "horizon"],
  gaussian: [...drawn, "shrinkage"],
  "student-t": [...drawn, "degrees", "shrinkage"],
  kernel: [...drawn, "bandwidth"],
  factor: [...drawn, "factors"],
  "filtered-historical": [...drawn, "horizon"],
};
const everywhere: readonly (keyof HumanScenarios)[] = ["kind", "stress"];

const shrinkages = {
  "constant-correlation": "CONSTANT_CORRELATION",
  identity: "IDENTITY",
  none: "NONE",
} as const;

/** Left out: each bar of the window once. */
export function recipeOf(
  human: HumanScenarios = { kind: "historical" },
  fail: Fail,
): ScenarioRecipe {
  const { kind = "bootstrap", stress } = human;
  for (const key of Object.keys(human) as (keyof HumanScenarios)[]) {
    if (everywhere.includes(key) || uses[kind].includes(key)) continue;
    fail(`scenarios/${key}`, `does nothing with kind ${kind}: leave it out`);
  }
  const share = (stress ?? []).reduce((sum, { probability }) => sum + probability, 0);
  if (share >= 1) {
    const found = `the probabilities sum to ${Number(share.toPrecision(6))}`;
    fail("scenarios/stress", `${found}; they must leave some of 1 to the other scenarios`);
  }
  return { ...drawOf(kind, human), ...(stress === undefined ? {} : { stress }) };
}

function drawOf(kind: Kind, human: HumanScenarios): Draw {
  const { count = COUNT, seed = SEED, blockLength, decay, degrees, bandwidth } = human;
  const draw = { count, seed };
  const span = human.horizon === undefined ? {} : { horizon: human.horizon };
  const runs = { ...(blockLength === undefined ? {} : { blockLength }), ...span };
  const shrunk = human.shrinkage === undefined ? {} : { shrinkage: shrinkages[human.shrinkage] };
  switch (kind) {
    case "historical":
      return { kind: "HISTORICAL", ...(decay === undefined ? {} : { decay }) };
    case "bootstrap":
      return { kind: "BOOTSTRAP", ...draw, ...runs };
    case "path-bootstrap":
      return { kind: "PATH_BOOTSTRAP", ...draw, ...runs };
    case "gaussian":
      return { kind: "GAUSSIAN", ...draw, ...shrunk };
    case "student-t":
      return {
        kind: "STUDENT_T",
        ...draw,
        ...(degrees === undefined ? {} : { degrees }),
        ...shrunk,
      };
    case "kernel":
      return { kind: "KERNEL", ...draw, ...(bandwidth === undefined ? {} : { bandwidth }) };
    case "factor":
      return { kind: "FACTOR", ...draw, factors: human.factors ?? FACTORS };
    case "filtered-historical":
      return { kind: "FILTERED_HISTORICAL", ...draw, ...span };
  }
}
