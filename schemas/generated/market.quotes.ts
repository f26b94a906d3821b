// Generated from schemas/market.quotes.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

/** One quote update; an absent side is null. */
export interface MarketQuote {
  readonly symbol: string;
  readonly bidPrice: number | null;
  /** scaled by the instrument's quantityScale */
  readonly bidQuantity: number;
  readonly askPrice: number | null;
  /** scaled by the instrument's quantityScale */
  readonly askQuantity: number;
  readonly venue: string;
  readonly suspicious: boolean;
}
export function encodeMarketQuote(writer: Writer, value: MarketQuote): void {
  writer.string(value.symbol);
  if (value.bidPrice === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.bidPrice);
  }
  writer.long(value.bidQuantity);
  if (value.askPrice === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.askPrice);
  }
  writer.long(value.askQuantity);
  writer.string(value.venue);
  writer.boolean(value.suspicious);
}
export function decodeMarketQuote(reader: Reader): MarketQuote {
  return {
    symbol: reader.string(),
    bidPrice: reader.present() ? reader.long() : null,
    bidQuantity: reader.long(),
    askPrice: reader.present() ? reader.long() : null,
    askQuantity: reader.long(),
    venue: reader.string(),
    suspicious: reader.boolean(),
  };
}

export const marketQuoteCodec: Codec<MarketQuote> = {
  encode: encodeMarketQuote,
  decode: decodeMarketQuote,
};
