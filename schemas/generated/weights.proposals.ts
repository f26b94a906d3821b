// Generated from schemas/weights.proposals.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const sizingMethodSymbols = [
  "FIXED_QUANTITY",
  "EQUAL_WEIGHT",
  "INVERSE_VOLATILITY",
  "VOLATILITY_TARGET",
  "FRACTIONAL_KELLY",
  "INTEGRATED",
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

/** What a portfolio should hold: only the targets that changed. */
export interface WeightsProposal {
  readonly portfolio: string;
  readonly method: SizingMethod;
  /** equity it was sized on, minor units */
  readonly equity: bigint;
  readonly targets: readonly Target[];
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
}
export function decodeWeightsProposal(reader: Reader): WeightsProposal {
  return {
    portfolio: reader.string(),
    method: reader.enumeration(sizingMethodSymbols),
    equity: reader.bigLong(),
    targets: readItems(reader),
  };
}

export const weightsProposalCodec: Codec<WeightsProposal> = {
  encode: encodeWeightsProposal,
  decode: decodeWeightsProposal,
};
