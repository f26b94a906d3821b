// The checks of how the portfolio has fared and how much it trades: losses of the day and of the week,
// trades of the day, and the first stage of a drawdown. Promises: what only reduces a position passes.

import { drawdownBps } from "../drawdown.ts";
import type { ProposalLimitName } from "../risk-config.ts";
import { grown } from "./book-checks.ts";
import { cut, type Docket, record, responseTo, type Trade } from "./docket.ts";
import { reduces } from "./exposure.ts";
import { excessOf, type Figure, figure } from "./figures.ts";

export function checkConduct(docket: Docket): void {
  const { book } = docket.at;
  if (book === null) return;
  const { limits, record: kept } = book;
  warn(docket, limits.drawdownWarningBps);
  const { day, week } = kept;
  checkLoss(docket, "maxDailyLoss", limits.maxDailyLossBps, drawdownBps(day.least, day.start));
  checkLoss(docket, "maxWeeklyLoss", limits.maxWeeklyLossBps, drawdownBps(week.least, week.start));
  checkTrades(docket, limits.maxTradesADay, kept.trades);
}

/** It stops nothing: it is there to be seen. */
function warn(docket: Docket, limit: number | null): void {
  if (limit === null) return;
  const { drawdownBps: measured } = docket.at;
  const check = "DRAWDOWN_WARNING" as const;
  docket.checks.push({ check, symbol: "", limit, measured, unit: "BPS", passed: true });
}

const openTrades = ({ trades }: Docket): Trade[] => trades.filter(({ refused }) => !refused);
const adds = ({ quantity, risk }: Trade): boolean => !reduces(quantity, risk.position);

/** Writes the check down; the trades that add risk, where they are to be cut. */
function breached(docket: Docket, found: Figure): readonly Trade[] {
  const adding = openTrades(docket).filter(adds);
  const { setting, reason, ...check } = found;
  const passed = adding.length === 0 || excessOf(found, []) <= 0;
  if (record(docket, { ...check, passed }, reason)) return [];
  if (responseTo(docket, setting) === "deny") docket.denied = true;
  return docket.denied ? [] : adding;
}

/** The worst of the period counts: a loss that was made up does not open trading again before it ends. */
function checkLoss(
  docket: Docket,
  setting: ProposalLimitName,
  limit: number | null,
  measured: number,
): void {
  const found = figure(setting, limit, measured);
  if (found === null) return;
  for (const trade of breached(docket, found)) cut(trade, grown(trade, trade.quantity, 0));
}

function checkTrades(docket: Docket, limit: number | null, before: number): void {
  const open = openTrades(docket).length;
  const found = figure("maxTradesADay", limit, before + open);
  if (found === null || open === 0) return;
  const adding = breached(docket, found);
  const room = Math.max(0, found.limit - before - (open - adding.length));
  for (const trade of adding.slice(room)) cut(trade, grown(trade, trade.quantity, 0));
}
