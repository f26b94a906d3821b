// Generated from schemas/market.bars.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

/** Open, high, low, close and volume of one interval; known at its end. */
export interface MarketBar {
  readonly symbol: string;
  readonly startUs: number;
  readonly endUs: number;
  /** scaled by the instrument's priceScale */
  readonly open: number;
  /** scaled by the instrument's priceScale */
  readonly high: number;
  /** scaled by the instrument's priceScale */
  readonly low: number;
  /** scaled by the instrument's priceScale */
  readonly close: number;
  /** scaled by the instrument's quantityScale */
  readonly volume: number;
  /** prints in the bar; 0 if the source did not say */
  readonly trades: number;
}
export function encodeMarketBar(writer: Writer, value: MarketBar): void {
  writer.string(value.symbol);
  writer.long(value.startUs);
  writer.long(value.endUs);
  writer.long(value.open);
  writer.long(value.high);
  writer.long(value.low);
  writer.long(value.close);
  writer.long(value.volume);
  writer.int(value.trades);
}
export function decodeMarketBar(reader: Reader): MarketBar {
  return {
    symbol: reader.string(),
    startUs: reader.long(),
    endUs: reader.long(),
    open: reader.long(),
    high: reader.long(),
    low: reader.long(),
    close: reader.long(),
    volume: reader.long(),
    trades: reader.int(),
  };
}

export const marketBarCodec: Codec<MarketBar> = {
  encode: encodeMarketBar,
  decode: decodeMarketBar,
};
