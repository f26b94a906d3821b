// Generated from schemas/features.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

/** What the models see of one bar. Float64: analytics, never money. */
export interface Features {
  readonly symbol: string;
  readonly barEndUs: number;
  /** close of the bar, scaled by priceScale */
  readonly price: number;
  /** ln(close / previous close); 0 on the first bar */
  readonly logReturn: number;
  /** exponential moving average of the close, in price units */
  readonly emaFast: number;
  /** exponential moving average of the close, in price units */
  readonly emaSlow: number;
  /** Wilder's average true range, in price units */
  readonly atr: number;
  /** sample standard deviation of logReturn over the window, per bar */
  readonly volatility: number;
  /** true once every window has filled */
  readonly warm: boolean;
}
export function encodeFeatures(writer: Writer, value: Features): void {
  writer.string(value.symbol);
  writer.long(value.barEndUs);
  writer.long(value.price);
  writer.double(value.logReturn);
  writer.double(value.emaFast);
  writer.double(value.emaSlow);
  writer.double(value.atr);
  writer.double(value.volatility);
  writer.boolean(value.warm);
}
export function decodeFeatures(reader: Reader): Features {
  return {
    symbol: reader.string(),
    barEndUs: reader.long(),
    price: reader.long(),
    logReturn: reader.double(),
    emaFast: reader.double(),
    emaSlow: reader.double(),
    atr: reader.double(),
    volatility: reader.double(),
    warm: reader.boolean(),
  };
}

export const featuresCodec: Codec<Features> = { encode: encodeFeatures, decode: decodeFeatures };
