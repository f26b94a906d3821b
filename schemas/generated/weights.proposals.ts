// Generated from schemas/weights.proposals.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const sizingMethodSymbols = ["FIXED_QUANTITY","EQUAL_WEIGHT","INVERSE_VOLATILITY"] as const;

export type SizingMethod = (typeof sizingMethodSymbols)[number];

const sizingMethodIndex: Readonly<Record<string, number>> = {"FIXED_QUANTITY":0,"EQUAL_WEIGHT":1,"INVERSE_VOLATILITY":2};

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
  return { symbol: reader.string(), weight: reader.double(), quantity: reader.long(), referencePrice: reader.long() };
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
writer.enumeration(sizingMethodIndex[value.method], value.method);
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
  return { portfolio: reader.string(), method: reader.enumeration(sizingMethodSymbols), equity: reader.bigLong(), targets: readArray(reader, () => decodeTarget(reader)) };
}
function readArray<T>(reader: Reader, item: () => T): readonly T[] {
  const items: T[] = [];
  reader.blocks(() => items.push(item()));
  return items;
}
export const weightsProposalCodec: Codec<WeightsProposal> = { encode: encodeWeightsProposal, decode: decodeWeightsProposal };
