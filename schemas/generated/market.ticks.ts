// Generated from schemas/market.ticks.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

/** One trade print. */
export interface MarketTick {
  readonly symbol: string;
  /** scaled by the instrument's priceScale */
  readonly price: number;
  /** scaled by the instrument's quantityScale */
  readonly quantity: number;
  /** where it printed; empty if unknown */
  readonly venue: string;
  /** flagged by its source as out of sequence, corrected or off-market */
  readonly suspicious: boolean;
}
export function encodeMarketTick(writer: Writer, value: MarketTick): void {
  writer.string(value.symbol);
  writer.long(value.price);
  writer.long(value.quantity);
  writer.string(value.venue);
  writer.boolean(value.suspicious);
}
export function decodeMarketTick(reader: Reader): MarketTick {
  return {
    symbol: reader.string(),
    price: reader.long(),
    quantity: reader.long(),
    venue: reader.string(),
    suspicious: reader.boolean(),
  };
}

export const marketTickCodec: Codec<MarketTick> = {
  encode: encodeMarketTick,
  decode: decodeMarketTick,
};
