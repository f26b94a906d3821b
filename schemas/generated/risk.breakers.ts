// Generated from schemas/risk.breakers.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const breakerNameSymbols = ["MODEL_DECAY", "DATA_QUALITY", "LATENCY"] as const;

export type BreakerName = (typeof breakerNameSymbols)[number];

function breakerNameIndex(value: BreakerName): number {
  switch (value) {
    case "MODEL_DECAY":
      return 1;
    case "DATA_QUALITY":
      return 2;
    case "LATENCY":
      return 3;
    default:
      return 0;
  }
}

export const breakerResponseSymbols = ["HALT", "REDUCE_ONLY"] as const;

export type BreakerResponse = (typeof breakerResponseSymbols)[number];

function breakerResponseIndex(value: BreakerResponse): number {
  switch (value) {
    case "HALT":
      return 1;
    case "REDUCE_ONLY":
      return 2;
    default:
      return 0;
  }
}

export const breakerUnitSymbols = ["BPS", "MICROSECONDS"] as const;

export type BreakerUnit = (typeof breakerUnitSymbols)[number];

function breakerUnitIndex(value: BreakerUnit): number {
  switch (value) {
    case "BPS":
      return 1;
    case "MICROSECONDS":
      return 2;
    default:
      return 0;
  }
}

/** A measure of the system itself left its limit: trading stops until a person enables it. */
export interface BreakerTripped {
  readonly portfolio: string;
  readonly breaker: BreakerName;
  /** what the risk gate makes of it */
  readonly response: BreakerResponse;
  /** LATENCY: whose bar; else empty */
  readonly symbol: string;
  readonly limit: number;
  readonly measured: number;
  readonly unit: BreakerUnit;
  /** what was measured over: outcomes of signals, expected bars, or one decision */
  readonly observations: number;
}
export function encodeBreakerTripped(writer: Writer, value: BreakerTripped): void {
  writer.string(value.portfolio);
  writer.enumeration(breakerNameIndex(value.breaker), value.breaker);
  writer.enumeration(breakerResponseIndex(value.response), value.response);
  writer.string(value.symbol);
  writer.long(value.limit);
  writer.long(value.measured);
  writer.enumeration(breakerUnitIndex(value.unit), value.unit);
  writer.long(value.observations);
}
export function decodeBreakerTripped(reader: Reader): BreakerTripped {
  return {
    portfolio: reader.string(),
    breaker: reader.enumeration(breakerNameSymbols),
    response: reader.enumeration(breakerResponseSymbols),
    symbol: reader.string(),
    limit: reader.long(),
    measured: reader.long(),
    unit: reader.enumeration(breakerUnitSymbols),
    observations: reader.long(),
  };
}

export const breakerTrippedCodec: Codec<BreakerTripped> = {
  encode: encodeBreakerTripped,
  decode: decodeBreakerTripped,
};
