// Generated from schemas/portfolio.snapshots.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const snapshotCauseSymbols = ["FILL", "MARK", "ACTION"] as const;

export type SnapshotCause = (typeof snapshotCauseSymbols)[number];

function snapshotCauseIndex(value: SnapshotCause): number {
  switch (value) {
    case "FILL":
      return 1;
    case "MARK":
      return 2;
    case "ACTION":
      return 3;
    default:
      return 0;
  }
}

/** The portfolio after a fill, a new mark or a corporate action: its totals, and the one position that changed. */
export interface PortfolioSnapshot {
  readonly portfolio: string;
  readonly currency: string;
  readonly cause: SnapshotCause;
  readonly cash: bigint;
  readonly equity: bigint;
  /** highest equity so far */
  readonly peakEquity: bigint;
  readonly grossExposure: bigint;
  readonly netExposure: bigint;
  /** after fees */
  readonly realisedPnl: bigint;
  /** paid so far */
  readonly fees: bigint;
  /** (peakEquity - equity) / peakEquity, in basis points, rounded up */
  readonly drawdownBps: number;
  /** the position that changed; empty if none */
  readonly symbol: string;
  /** signed */
  readonly quantity: number;
  /** signed cost basis of the open quantity */
  readonly cost: bigint;
  /** scaled by the instrument's priceScale */
  readonly mark: number;
}
export function encodePortfolioSnapshot(writer: Writer, value: PortfolioSnapshot): void {
  writer.string(value.portfolio);
  writer.string(value.currency);
  writer.enumeration(snapshotCauseIndex(value.cause), value.cause);
  writer.bigLong(value.cash);
  writer.bigLong(value.equity);
  writer.bigLong(value.peakEquity);
  writer.bigLong(value.grossExposure);
  writer.bigLong(value.netExposure);
  writer.bigLong(value.realisedPnl);
  writer.bigLong(value.fees);
  writer.int(value.drawdownBps);
  writer.string(value.symbol);
  writer.long(value.quantity);
  writer.bigLong(value.cost);
  writer.long(value.mark);
}
export function decodePortfolioSnapshot(reader: Reader): PortfolioSnapshot {
  return {
    portfolio: reader.string(),
    currency: reader.string(),
    cause: reader.enumeration(snapshotCauseSymbols),
    cash: reader.bigLong(),
    equity: reader.bigLong(),
    peakEquity: reader.bigLong(),
    grossExposure: reader.bigLong(),
    netExposure: reader.bigLong(),
    realisedPnl: reader.bigLong(),
    fees: reader.bigLong(),
    drawdownBps: reader.int(),
    symbol: reader.string(),
    quantity: reader.long(),
    cost: reader.bigLong(),
    mark: reader.long(),
  };
}

export const portfolioSnapshotCodec: Codec<PortfolioSnapshot> = {
  encode: encodePortfolioSnapshot,
  decode: decodePortfolioSnapshot,
};
