// Generated from schemas/forecasts.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const forecastVerdictSymbols = ["PASS", "DERISK", "BLOCK"] as const;

export type ForecastVerdict = (typeof forecastVerdictSymbols)[number];

function forecastVerdictIndex(value: ForecastVerdict): number {
  switch (value) {
    case "PASS":
      return 1;
    case "DERISK":
      return 2;
    case "BLOCK":
      return 3;
    default:
      return 0;
  }
}

/** A certified forecast: an interval with its measured coverage, and what may be done with it. */
export interface Forecast {
  readonly symbol: string;
  readonly model: string;
  readonly horizonUs: number;
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
  /** measured share of outcomes inside the interval, 0 to 1 */
  readonly coverage: number;
  /** nominal miss rate of the interval */
  readonly alpha: number;
  readonly kappaPlus: number;
  readonly verdict: ForecastVerdict;
}
export function encodeForecast(writer: Writer, value: Forecast): void {
  writer.string(value.symbol);
  writer.string(value.model);
  writer.long(value.horizonUs);
  writer.double(value.mean);
  writer.double(value.lower);
  writer.double(value.upper);
  writer.double(value.coverage);
  writer.double(value.alpha);
  writer.double(value.kappaPlus);
  writer.enumeration(forecastVerdictIndex(value.verdict), value.verdict);
}
export function decodeForecast(reader: Reader): Forecast {
  return {
    symbol: reader.string(),
    model: reader.string(),
    horizonUs: reader.long(),
    mean: reader.double(),
    lower: reader.double(),
    upper: reader.double(),
    coverage: reader.double(),
    alpha: reader.double(),
    kappaPlus: reader.double(),
    verdict: reader.enumeration(forecastVerdictSymbols),
  };
}

export const forecastCodec: Codec<Forecast> = { encode: encodeForecast, decode: decodeForecast };
