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

export interface ForeignCash {
  readonly currency: string;
  readonly amount: bigint;
}
export function encodeForeignCash(writer: Writer, value: ForeignCash): void {
  writer.string(value.currency);
  writer.bigLong(value.amount);
}
export function decodeForeignCash(reader: Reader): ForeignCash {
  return { currency: reader.string(), amount: reader.bigLong() };
}

function readItems(reader: Reader): ForeignCash[] {
  const items: ForeignCash[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(decodeForeignCash(reader));
  }
  return items;
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
  /** paid so far, of trades and of dividends; 0 before version 3 */
  readonly taxes: bigint;
  /** cash in other currencies than the portfolio's, where they are to be converted; empty else and before version 3 */
  readonly foreignCash: readonly ForeignCash[];
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
  writer.bigLong(value.taxes);
  if (value.foreignCash.length > 0) {
    writer.long(value.foreignCash.length);
    for (const item of value.foreignCash) {
      encodeForeignCash(writer, item);
    }
  }
  writer.long(0);
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
    taxes: reader.goesOn() ? reader.bigLong() : 0n,
    foreignCash: reader.wentOn ? readItems(reader) : [],
  };
}

export const portfolioSnapshotCodec: Codec<PortfolioSnapshot> = {
  encode: encodePortfolioSnapshot,
  decode: decodePortfolioSnapshot,
};
