// Generated from schemas/signals.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

/** A model's view of one symbol. */
export interface Signal {
  readonly symbol: string;
  readonly model: string;
  /** -1 (fully short) to 1 (fully long) */
  readonly strength: number;
  /** price that the view was formed at */
  readonly price: number;
  /** per-bar standard deviation of returns to size with */
  readonly volatility: number;
}
export function encodeSignal(writer: Writer, value: Signal): void {
  writer.string(value.symbol);
  writer.string(value.model);
  writer.double(value.strength);
  writer.long(value.price);
  writer.double(value.volatility);
}
export function decodeSignal(reader: Reader): Signal {
  return {
    symbol: reader.string(),
    model: reader.string(),
    strength: reader.double(),
    price: reader.long(),
    volatility: reader.double(),
  };
}

export const signalCodec: Codec<Signal> = { encode: encodeSignal, decode: decodeSignal };
