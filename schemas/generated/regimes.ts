// Generated from schemas/regimes.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

/** The market regime that holds for a symbol, or for all (symbol *). */
export interface Regime {
  readonly symbol: string;
  readonly model: string;
  readonly regime: string;
  readonly probability: number;
}
export function encodeRegime(writer: Writer, value: Regime): void {
  writer.string(value.symbol);
  writer.string(value.model);
  writer.string(value.regime);
  writer.double(value.probability);
}
export function decodeRegime(reader: Reader): Regime {
  return {
    symbol: reader.string(),
    model: reader.string(),
    regime: reader.string(),
    probability: reader.double(),
  };
}

export const regimeCodec: Codec<Regime> = { encode: encodeRegime, decode: decodeRegime };
