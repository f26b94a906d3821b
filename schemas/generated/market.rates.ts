// Generated from schemas/market.rates.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const marketRateKindSymbols = ["FUNDING", "BORROW", "FINANCING"] as const;

export type MarketRateKind = (typeof marketRateKindSymbols)[number];

function marketRateKindIndex(value: MarketRateKind): number {
  switch (value) {
    case "FUNDING":
      return 1;
    case "BORROW":
      return 2;
    case "FINANCING":
      return 3;
    default:
      return 0;
  }
}

/** What holding a symbol costs, as it was recorded: its time is when it takes effect. */
export interface MarketRate {
  readonly symbol: string;
  /** FUNDING: one payment of longs to shorts, due at that time. BORROW, FINANCING: what a short, or a long, pays by the year from then on */
  readonly kind: MarketRateKind;
  /** of a position's value; below 0 the other side pays, or the holder is paid */
  readonly ratePerBillion: number;
  /** FUNDING: what a position is valued at, scaled by the instrument's priceScale; null: the last price */
  readonly markPrice: number | null;
}
export function encodeMarketRate(writer: Writer, value: MarketRate): void {
  writer.string(value.symbol);
  writer.enumeration(marketRateKindIndex(value.kind), value.kind);
  writer.long(value.ratePerBillion);
  if (value.markPrice === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.markPrice);
  }
}
export function decodeMarketRate(reader: Reader): MarketRate {
  return {
    symbol: reader.string(),
    kind: reader.enumeration(marketRateKindSymbols),
    ratePerBillion: reader.long(),
    markPrice: reader.present() ? reader.long() : null,
  };
}

export const marketRateCodec: Codec<MarketRate> = {
  encode: encodeMarketRate,
  decode: decodeMarketRate,
};
