// Generated from schemas/pool.answers.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const poolStatusSymbols = [
  "OPTIMAL",
  "FEASIBLE",
  "INFEASIBLE",
  "UNBOUNDED",
  "REFUSED",
  "FAILED",
] as const;

export type PoolStatus = (typeof poolStatusSymbols)[number];

function poolStatusIndex(value: PoolStatus): number {
  switch (value) {
    case "OPTIMAL":
      return 1;
    case "FEASIBLE":
      return 2;
    case "INFEASIBLE":
      return 3;
    case "UNBOUNDED":
      return 4;
    case "REFUSED":
      return 5;
    case "FAILED":
      return 6;
    default:
      return 0;
  }
}

function readItems(reader: Reader): string[] {
  const items: string[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(reader.string());
  }
  return items;
}

function readItems2(reader: Reader): string[] {
  const items: string[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(reader.string());
  }
  return items;
}

function readItems3(reader: Reader): number[] {
  const items: number[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(reader.double());
  }
  return items;
}

export interface ShadowPrice {
  readonly constraint: string;
  /** what a unit more of it would gain, per unit of the objective */
  readonly price: number;
}
export function encodeShadowPrice(writer: Writer, value: ShadowPrice): void {
  writer.string(value.constraint);
  writer.double(value.price);
}
export function decodeShadowPrice(reader: Reader): ShadowPrice {
  return { constraint: reader.string(), price: reader.double() };
}

function readItems4(reader: Reader): ShadowPrice[] {
  const items: ShadowPrice[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(decodeShadowPrice(reader));
  }
  return items;
}

function readItems5(reader: Reader): number[] {
  const items: number[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(reader.double());
  }
  return items;
}

function readItems6(reader: Reader): number[] {
  const items: number[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(reader.int());
  }
  return items;
}

function readItems7(reader: Reader): number[] {
  const items: number[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(reader.double());
  }
  return items;
}

function readItems8(reader: Reader): number[] {
  const items: number[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(reader.double());
  }
  return items;
}

/** The pool's answer to one request, with its proof or why there is none. */
export interface PoolAnswer {
  readonly portfolio: string;
  /** number of the request */
  readonly request: number;
  /** as the request has it */
  readonly inputHash: string;
  /** FEASIBLE: work ran out, the gap says how far it may be from the best; REFUSED: the problem cannot be computed with; FAILED: the pool gave no answer */
  readonly status: PoolStatus;
  /** INFEASIBLE: the smallest set of constraints that cannot hold together; REFUSED, FAILED: why */
  readonly reasons: readonly string[];
  readonly assets: readonly string[];
  /** of equity, in the order of the assets; empty where there is no portfolio */
  readonly weights: readonly number[];
  readonly expectedReturn: number;
  /** the objective at the weights, to be minimised */
  readonly upper: number;
  /** no feasible weights have a smaller objective */
  readonly lower: number;
  /** upper - lower, relative to the size of the objective */
  readonly gap: number;
  /** largest violation of a constraint */
  readonly feasibility: number;
  readonly shadowPrices: readonly ShadowPrice[];
  /** change of the risk measure per unit of each asset */
  readonly marginalRisk: readonly number[];
  /** what lower rests on: scenarios of the worst case, and the mass on each */
  readonly tailScenarios: readonly number[];
  readonly tailMasses: readonly number[];
  /** what lower rests on: the price of each row of the lowered program */
  readonly rowPrices: readonly number[];
  /** what lower rests on where a limit on CVaR binds, or a ratio is the objective */
  readonly cvarPrice: number | null;
  /** SHA-256 of the scenario set, in hex */
  readonly scenarioHash: string;
  /** after equal ones were merged */
  readonly scenarios: number;
  /** what computed it, and its version */
  readonly method: string;
  readonly device: string;
  /** of the scenarios */
  readonly seed: number;
  readonly pivots: number;
  /** from request to answer as declared; what was measured is in the run's metrics */
  readonly latencyUs: number;
  /** what lower rests on where a limit on volatility binds, or the Sharpe ratio is the objective */
  readonly variancePrice: number | null;
  /** lower bound that a search over the names held has found; null: none was made */
  readonly searched: number | null;
}
export function encodePoolAnswer(writer: Writer, value: PoolAnswer): void {
  writer.string(value.portfolio);
  writer.long(value.request);
  writer.string(value.inputHash);
  writer.enumeration(poolStatusIndex(value.status), value.status);
  if (value.reasons.length > 0) {
    writer.long(value.reasons.length);
    for (const item of value.reasons) {
      writer.string(item);
    }
  }
  writer.long(0);
  if (value.assets.length > 0) {
    writer.long(value.assets.length);
    for (const item of value.assets) {
      writer.string(item);
    }
  }
  writer.long(0);
  if (value.weights.length > 0) {
    writer.long(value.weights.length);
    for (const item of value.weights) {
      writer.double(item);
    }
  }
  writer.long(0);
  writer.double(value.expectedReturn);
  writer.double(value.upper);
  writer.double(value.lower);
  writer.double(value.gap);
  writer.double(value.feasibility);
  if (value.shadowPrices.length > 0) {
    writer.long(value.shadowPrices.length);
    for (const item of value.shadowPrices) {
      encodeShadowPrice(writer, item);
    }
  }
  writer.long(0);
  if (value.marginalRisk.length > 0) {
    writer.long(value.marginalRisk.length);
    for (const item of value.marginalRisk) {
      writer.double(item);
    }
  }
  writer.long(0);
  if (value.tailScenarios.length > 0) {
    writer.long(value.tailScenarios.length);
    for (const item of value.tailScenarios) {
      writer.int(item);
    }
  }
  writer.long(0);
  if (value.tailMasses.length > 0) {
    writer.long(value.tailMasses.length);
    for (const item of value.tailMasses) {
      writer.double(item);
    }
  }
  writer.long(0);
  if (value.rowPrices.length > 0) {
    writer.long(value.rowPrices.length);
    for (const item of value.rowPrices) {
      writer.double(item);
    }
  }
  writer.long(0);
  if (value.cvarPrice === null) writer.long(0);
  else {
    writer.long(1);
    writer.double(value.cvarPrice);
  }
  writer.string(value.scenarioHash);
  writer.int(value.scenarios);
  writer.string(value.method);
  writer.string(value.device);
  writer.long(value.seed);
  writer.int(value.pivots);
  writer.long(value.latencyUs);
  if (value.variancePrice === null) writer.long(0);
  else {
    writer.long(1);
    writer.double(value.variancePrice);
  }
  if (value.searched === null) writer.long(0);
  else {
    writer.long(1);
    writer.double(value.searched);
  }
}
export function decodePoolAnswer(reader: Reader): PoolAnswer {
  return {
    portfolio: reader.string(),
    request: reader.long(),
    inputHash: reader.string(),
    status: reader.enumeration(poolStatusSymbols),
    reasons: readItems(reader),
    assets: readItems2(reader),
    weights: readItems3(reader),
    expectedReturn: reader.double(),
    upper: reader.double(),
    lower: reader.double(),
    gap: reader.double(),
    feasibility: reader.double(),
    shadowPrices: readItems4(reader),
    marginalRisk: readItems5(reader),
    tailScenarios: readItems6(reader),
    tailMasses: readItems7(reader),
    rowPrices: readItems8(reader),
    cvarPrice: reader.present() ? reader.double() : null,
    scenarioHash: reader.string(),
    scenarios: reader.int(),
    method: reader.string(),
    device: reader.string(),
    seed: reader.long(),
    pivots: reader.int(),
    latencyUs: reader.long(),
    variancePrice: reader.goesOn() ? (reader.present() ? reader.double() : null) : null,
    searched: reader.wentOn ? (reader.present() ? reader.double() : null) : null,
  };
}

export const poolAnswerCodec: Codec<PoolAnswer> = {
  encode: encodePoolAnswer,
  decode: decodePoolAnswer,
};
