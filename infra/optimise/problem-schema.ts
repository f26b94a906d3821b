// What a problem file may say: problem.ts and scenario-recipe.ts in the words of JSON Schema.

import type { SchemaNode } from "../config/schema.ts";

const number: SchemaNode = { type: "number" };
const byName: SchemaNode = { type: "object", additionalProperties: number };
const oneOrByName: SchemaNode = { type: ["number", "object"], additionalProperties: number };
const whole: SchemaNode = { type: "integer", minimum: 1 };

const group = (properties: Readonly<Record<string, SchemaNode>>): SchemaNode => ({
  type: "object",
  additionalProperties: false,
  properties,
});

/** Settings that each kind of objective takes beside `kind`. */
export const objectiveSettings: Readonly<Record<string, readonly string[]>> = {
  MINIMUM_CVAR: ["tailMass"],
  MEAN_CVAR: ["tailMass", "riskAversion"],
  MAXIMUM_RETURN: [],
  MAXIMUM_RETURN_TO_CVAR: ["tailMass", "riskFree"],
  ROBUST_CVAR: ["tailMass", "radius"],
  MINIMUM_VARIANCE: [],
  MEAN_VARIANCE: ["riskAversion"],
  MAXIMUM_SHARPE: ["riskFree"],
  RISK_PARITY: ["measure", "tailMass", "budgets"],
  HIERARCHICAL_RISK_PARITY: ["linkage", "optimalLeafOrder"],
  KELLY: ["fraction"],
};

/** Those that it cannot do without. */
export const neededSettings: Readonly<Record<string, readonly string[]>> = {
  MINIMUM_CVAR: ["tailMass"],
  MEAN_CVAR: ["tailMass", "riskAversion"],
  MAXIMUM_RETURN_TO_CVAR: ["tailMass"],
  ROBUST_CVAR: ["tailMass", "radius"],
  MEAN_VARIANCE: ["riskAversion"],
  RISK_PARITY: ["measure"],
  HIERARCHICAL_RISK_PARITY: ["linkage"],
};

/** Settings that each way of making scenarios takes beside `kind` and `stress`. */
export const recipeSettings: Readonly<Record<string, readonly string[]>> = {
  HISTORICAL: ["decay"],
  BOOTSTRAP: ["count", "seed", "blockLength", "horizon"],
  PATH_BOOTSTRAP: ["count", "seed", "blockLength", "horizon"],
  GAUSSIAN: ["count", "seed", "shrinkage"],
  STUDENT_T: ["count", "seed", "degrees", "shrinkage"],
  KERNEL: ["count", "seed", "bandwidth"],
  FACTOR: ["count", "seed", "factors"],
  FILTERED_HISTORICAL: ["count", "seed", "horizon"],
};

const exposures: SchemaNode = {
  type: "array",
  maxItems: 1000,
  items: group({
    name: { type: "string" },
    coefficients: byName,
    lower: number,
    upper: number,
  }),
};

export const beliefsSchema: SchemaNode = {
  ...group({
    prior: { type: "object", additionalProperties: { type: "number", minimum: 0 } },
    riskAversion: { type: "number", exclusiveMinimum: 0 },
    tau: { type: "number", exclusiveMinimum: 0 },
    views: {
      type: "array",
      maxItems: 1000,
      items: {
        ...group({
          of: byName,
          value: number,
          confidence: { type: "number", exclusiveMinimum: 0, maximum: 1 },
        }),
        required: ["of", "value", "confidence"],
      },
    },
  }),
  required: ["views"],
};

export const problemSchema: SchemaNode = group({
  objective: group({
    kind: { type: "string", enum: Object.keys(objectiveSettings) },
    tailMass: { type: "number", exclusiveMinimum: 0, maximum: 1 },
    riskAversion: number,
    riskFree: number,
    radius: { type: "number", minimum: 0 },
    measure: { type: "string", enum: ["VARIANCE", "CVAR"] },
    budgets: byName,
    linkage: { type: "string", enum: ["SINGLE", "COMPLETE", "AVERAGE", "WARD"] },
    optimalLeafOrder: { type: "boolean" },
    fraction: { type: "number", exclusiveMinimum: 0 },
  }),
  scenarios: group({
    kind: { type: "string", enum: Object.keys(recipeSettings) },
    count: { type: "integer", minimum: 1, maximum: 10_000_000 },
    seed: { type: "integer" },
    decay: { type: "number", exclusiveMinimum: 0, maximum: 1 },
    blockLength: { type: "number", minimum: 1 },
    horizon: whole,
    shrinkage: { type: "string", enum: ["CONSTANT_CORRELATION", "IDENTITY", "NONE"] },
    degrees: { type: "number", exclusiveMinimum: 2 },
    bandwidth: { type: "number", minimum: 0 },
    factors: whole,
    stress: {
      type: "array",
      maxItems: 1000,
      items: group({
        probability: { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 },
        returns: byName,
      }),
    },
  }),
  expectedReturns: byName,
  beliefs: beliefsSchema,
  constraints: group({
    lower: oneOrByName,
    upper: oneOrByName,
    budget: {
      type: ["number", "object"],
      additionalProperties: false,
      properties: { lower: number, upper: number },
    },
    maximumGross: number,
    exposures,
    maximumTurnover: number,
    minimumReturn: number,
    maximumCvar: group({ tailMass: number, limit: number }),
    maximumVolatility: number,
    minimumPosition: number,
    maximumNames: whole,
    restrictions: {
      type: "object",
      additionalProperties: {
        type: "string",
        enum: ["NO_TRADE", "NO_BUY", "NO_SELL", "NO_HOLD"],
      },
    },
  }),
  current: byName,
  costs: group({ linear: oneOrByName, impact: oneOrByName }),
});

export const groupsSchema: SchemaNode = {
  type: "object",
  additionalProperties: group({
    assets: { type: "array", maxItems: 100_000, items: { type: "string" } },
    coefficients: byName,
    lower: number,
    upper: number,
  }),
};
