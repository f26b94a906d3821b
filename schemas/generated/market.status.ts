// Generated from schemas/market.status.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const marketStatusKindSymbols = ["TRADING", "HALTED", "CLOSED", "BUSTED"] as const;

export type MarketStatusKind = (typeof marketStatusKindSymbols)[number];

function marketStatusKindIndex(value: MarketStatusKind): number {
  switch (value) {
    case "TRADING":
      return 1;
    case "HALTED":
      return 2;
    case "CLOSED":
      return 3;
    case "BUSTED":
      return 4;
    default:
      return 0;
  }
}

/** What an exchange says of trading in a symbol: from when it is halted, and which trades it does not let stand. */
export interface MarketStatus {
  readonly symbol: string;
  /** TRADING ends a halt or an early close; BUSTED changes nothing from now on, it undoes trades */
  readonly status: MarketStatusKind;
  /** BUSTED: the first moment whose trades are undone. Else the time of the event */
  readonly fromUs: number;
  /** BUSTED: the last one. Else the time of the event */
  readonly toUs: number;
  /** in the exchange's words; may be empty */
  readonly reason: string;
}
export function encodeMarketStatus(writer: Writer, value: MarketStatus): void {
  writer.string(value.symbol);
  writer.enumeration(marketStatusKindIndex(value.status), value.status);
  writer.long(value.fromUs);
  writer.long(value.toUs);
  writer.string(value.reason);
}
export function decodeMarketStatus(reader: Reader): MarketStatus {
  return {
    symbol: reader.string(),
    status: reader.enumeration(marketStatusKindSymbols),
    fromUs: reader.long(),
    toUs: reader.long(),
    reason: reader.string(),
  };
}

export const marketStatusCodec: Codec<MarketStatus> = {
  encode: encodeMarketStatus,
  decode: decodeMarketStatus,
};
