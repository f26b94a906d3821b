// Which reports move a position and cash. Promises: an execution and the report that undoes it leave the quantity and the
// cash, fees included, as if neither had been.
//
// A trade that does not stand is booked as its opposite at its own price, with its fee given back: what has been
// realised in between stays realised, and the difference is in the cost of what is left. Their sum is that of a
// history without the trade.

import type { ExecutionReport } from "../generated/fills.ts";
import { givenBack } from "./charges.ts";

/** The execution that a report is to be booked as; null where it moves nothing. No copy is made of a plain one. */
export function dealOf(report: ExecutionReport): ExecutionReport | null {
  if (report.execType === "FILLED") return report;
  if (report.execType !== "TRADE_CANCEL") return null;
  const side = report.side === "BUY" ? "SELL" : "BUY";
  const charges = givenBack(report.charges);
  const undone = { side, fee: -report.fee, charges, slippage: 0, parts: [] } as const;
  return { ...report, execType: "FILLED", ...undone };
}

/** What a position has cost to hold, in minor units; null where the report says nothing of that. */
export const carryOf = (report: ExecutionReport): bigint | null =>
  report.execType === "CARRIED" ? report.fee : null;

/** A position that the venue closes by itself, against margin or as its contract expires: no order of ours asked for it. */
export const isVenuesOwn = ({ execType, reason }: ExecutionReport): boolean =>
  execType === "FILLED" && (reason === "MarginCall" || reason === "InstrumentExpired");
