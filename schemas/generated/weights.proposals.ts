// Generated from schemas/weights.proposals.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const sizingMethodSymbols = [
  "FIXED_QUANTITY",
  "EQUAL_WEIGHT",
  "INVERSE_VOLATILITY",
  "VOLATILITY_TARGET",
  "FRACTIONAL_KELLY",
  "INTEGRATED",
  "OPTIMISED",
] as const;

export type SizingMethod = (typeof sizingMethodSymbols)[number];

function sizingMethodIndex(value: SizingMethod): number {
  switch (value) {
    case "FIXED_QUANTITY":
      return 1;
    case "EQUAL_WEIGHT":
      return 2;
    case "INVERSE_VOLATILITY":
      return 3;
    case "VOLATILITY_TARGET":
      return 4;
    case "FRACTIONAL_KELLY":
      return 5;
    case "INTEGRATED":
      return 6;
    case "OPTIMISED":
      return 7;
    default:
      return 0;
  }
}

export interface Target {
  readonly symbol: string;
  /** of equity; sign is direction */
  readonly weight: number;
  /** target position, signed, scaled by quantityScale */
  readonly quantity: number;
  /** price the target was sized at */
  readonly referencePrice: number;
}
export function encodeTarget(writer: Writer, value: Target): void {
  writer.string(value.symbol);
  writer.double(value.weight);
  writer.long(value.quantity);
  writer.long(value.referencePrice);
}
export function decodeTarget(reader: Reader): Target {
  return {
    symbol: reader.string(),
    weight: reader.double(),
    quantity: reader.long(),
    referencePrice: reader.long(),
  };
}

function readItems(reader: Reader): Target[] {
  const items: Target[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(decodeTarget(reader));
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

function readItems4(reader: Reader): number[] {
  const items: number[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(reader.int());
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

function readItems7(reader: Reader): ShadowPrice[] {
  const items: ShadowPrice[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(decodeShadowPrice(reader));
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

export interface WeightsCertificate {
  /** number of the request that it answers */
  readonly request: number;
  readonly inputHash: string;
  readonly scenarioHash: string;
  /** OPTIMAL or FEASIBLE */
  readonly status: string;
  readonly assets: readonly string[];
  /** as answered: the targets are these in whole lots */
  readonly weights: readonly number[];
  readonly upper: number;
  readonly lower: number;
  readonly gap: number;
  readonly feasibility: number;
  readonly tailScenarios: readonly number[];
  readonly tailMasses: readonly number[];
  readonly rowPrices: readonly number[];
  readonly cvarPrice: number | null;
  readonly shadowPrices: readonly ShadowPrice[];
  readonly marginalRisk: readonly number[];
  readonly variancePrice: number | null;
}
export function encodeWeightsCertificate(writer: Writer, value: WeightsCertificate): void {
  writer.long(value.request);
  writer.string(value.inputHash);
  writer.string(value.scenarioHash);
  writer.string(value.status);
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
  writer.double(value.upper);
  writer.double(value.lower);
  writer.double(value.gap);
  writer.double(value.feasibility);
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
  if (value.variancePrice === null) writer.long(0);
  else {
    writer.long(1);
    writer.double(value.variancePrice);
  }
}
export function decodeWeightsCertificate(reader: Reader): WeightsCertificate {
  return {
    request: reader.long(),
    inputHash: reader.string(),
    scenarioHash: reader.string(),
    status: reader.string(),
    assets: readItems2(reader),
    weights: readItems3(reader),
    upper: reader.double(),
    lower: reader.double(),
    gap: reader.double(),
    feasibility: reader.double(),
    tailScenarios: readItems4(reader),
    tailMasses: readItems5(reader),
    rowPrices: readItems6(reader),
    cvarPrice: reader.present() ? reader.double() : null,
    shadowPrices: readItems7(reader),
    marginalRisk: readItems8(reader),
    variancePrice: reader.goesOn() ? (reader.present() ? reader.double() : null) : null,
  };
}

/** What a portfolio should hold: only the targets that changed. */
export interface WeightsProposal {
  readonly portfolio: string;
  readonly method: SizingMethod;
  /** equity it was sized on, minor units */
  readonly equity: bigint;
  readonly targets: readonly Target[];
  /** OPTIMISED: what the weights prove about themselves; null otherwise */
  readonly certificate: WeightsCertificate | null;
}
export function encodeWeightsProposal(writer: Writer, value: WeightsProposal): void {
  writer.string(value.portfolio);
  writer.enumeration(sizingMethodIndex(value.method), value.method);
  writer.bigLong(value.equity);
  if (value.targets.length > 0) {
    writer.long(value.targets.length);
    for (const item of value.targets) {
      encodeTarget(writer, item);
    }
  }
  writer.long(0);
  if (value.certificate === null) writer.long(0);
  else {
    writer.long(1);
    encodeWeightsCertificate(writer, value.certificate);
  }
}
export function decodeWeightsProposal(reader: Reader): WeightsProposal {
  return {
    portfolio: reader.string(),
    method: reader.enumeration(sizingMethodSymbols),
    equity: reader.bigLong(),
    targets: readItems(reader),
    certificate: reader.goesOn()
      ? reader.present()
        ? decodeWeightsCertificate(reader)
        : null
      : null,
  };
}

export const weightsProposalCodec: Codec<WeightsProposal> = {
  encode: encodeWeightsProposal,
  decode: decodeWeightsProposal,
};
