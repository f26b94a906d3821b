// What a venue's report does to a portfolio's holding of a symbol, for all who keep one. Promises: a report
// counts once, however often it comes; a busted trade leaves what would be held had it never been made,
// if it is among the last that were booked since a corporate action; else it is booked as its opposite.

import type { Charge, ExecutionReport } from "../generated/fills.ts";
import type { CorporateAction } from "../generated/market.corporate-actions.ts";
import type { Instrument } from "../generated/market.instruments.ts";
import { givenBack } from "./charges.ts";
import { isMargined } from "./contract-terms.ts";
import { type ActionResult, applyAction } from "./corporate-action.ts";
import { type HeardReports, hear, nothingHeard } from "./heard-reports.ts";
import { changeHolding, flatBy, type Holding, type LotMethod } from "./holding.ts";
import { notionalMinor } from "./money.ts";

/** Executions that are kept to be undone: a venue busts a trade within the hour as a rule. */
const KEPT_EXECUTIONS = 16;

interface Execution {
  readonly execId: number;
  readonly quantity: number;
  readonly value: bigint;
  readonly timeUs: number;
}

/** One portfolio's holding of one symbol, and what it came from. */
export interface Held {
  readonly holding: Holding;
  readonly heard: HeardReports;
  /** What was held before the executions that are kept, oldest first. */
  readonly before: Holding;
  readonly recent: readonly Execution[];
}

export function heldBy(method: LotMethod | undefined): Held {
  const holding = flatBy(method);
  return { holding, heard: nothingHeard, before: holding, recent: [] };
}

/** Amounts in minor units of the instrument's currency, but for charges; those of a busted trade have the other sign. */
export interface Booking {
  readonly quantity: number;
  /** Of what was traded, signed as notionalMinor says. */
  readonly value: bigint;
  /** Profit of what was closed, before fees. */
  readonly realised: bigint;
  /** Of the trade. */
  readonly fee: bigint;
  /** Borrowing, funding and interest: what it costs to carry a position. */
  readonly carry: bigint;
  /** Taxes, and fees in other currencies: beside the fee. */
  readonly charges: readonly Charge[];
}

export interface Booked {
  readonly held: Held;
  /** null: the report says nothing of money, or was heard before. */
  readonly booking: Booking | null;
}

export function bookReport(held: Held, report: ExecutionReport, instrument: Instrument): Booked {
  const heard = hear(held.heard, report.execId);
  if (heard === null) return { held, booking: null };
  const told = { ...held, heard };
  switch (report.execType) {
    case "FILLED":
      return trade(told, executionOf(report, instrument), report);
    case "TRADE_CANCEL":
      return bust(told, report, instrument);
    case "CARRIED": {
      const { fee: carry, charges } = report;
      const nothing = { quantity: 0, value: 0n, realised: 0n, fee: 0n };
      return { held: told, booking: { ...nothing, carry, charges } };
    }
    default:
      return { held: told, booking: null };
  }
}

/** With a report that is not about money, or whose instrument is not known yet. */
export function noted(held: Held, { execId }: ExecutionReport): Held {
  const heard = hear(held.heard, execId);
  return heard === null ? held : { ...held, heard };
}

function executionOf(report: ExecutionReport, instrument: Instrument): Execution {
  const quantity = report.side === "BUY" ? report.quantity : -report.quantity;
  const value = notionalMinor(report.price, quantity, instrument);
  return { execId: report.execId, quantity, value, timeUs: report.tradeUs };
}

type Costs = Pick<Booking, "fee" | "charges">;

function trade(held: Held, execution: Execution, { fee, charges }: Costs): Booked {
  const { quantity, value, timeUs } = execution;
  const { holding, realised } = changeHolding(held.holding, quantity, value, timeUs);
  const booking = { quantity, value, realised, fee, carry: 0n, charges };
  // Reports of version 1 have no number: nothing can refer to them.
  if (execution.execId === 0)
    return { held: { ...forgotten(held), holding, before: holding }, booking };
  let { before, recent } = held;
  const [oldest] = recent;
  if (oldest !== undefined && recent.length === KEPT_EXECUTIONS) {
    before = changeHolding(before, oldest.quantity, oldest.value, oldest.timeUs).holding;
    recent = recent.slice(1);
  }
  return { held: { ...held, holding, before, recent: [...recent, execution] }, booking };
}

const forgotten = (held: Held): Held => ({ ...held, before: held.holding, recent: [] });

function bust(held: Held, report: ExecutionReport, instrument: Instrument): Booked {
  const { refExecId } = report;
  const early = refExecId === 0 ? null : hear(held.heard, refExecId);
  // Busted before it was heard of: it is never booked.
  if (early !== null) return { held: { ...held, heard: early }, booking: null };
  const busted = held.recent.find(({ execId }) => execId === refExecId);
  const costs = { fee: -report.fee, charges: givenBack(report.charges) };
  if (busted === undefined || refExecId === 0) {
    const { quantity, value, timeUs } = executionOf(report, instrument);
    const opposite = { execId: 0, quantity: -quantity, value: -value, timeUs };
    return trade(held, opposite, costs);
  }
  let was = held.before;
  let is = held.before;
  let realised = 0n;
  for (const each of held.recent) {
    const counted = changeHolding(was, each.quantity, each.value, each.timeUs);
    was = counted.holding;
    realised -= counted.realised;
    if (each === busted) continue;
    const kept = changeHolding(is, each.quantity, each.value, each.timeUs);
    is = kept.holding;
    realised += kept.realised;
  }
  const recent = held.recent.filter((each) => each !== busted);
  const { quantity, value } = busted;
  const booking = { quantity: -quantity, value: -value, realised, ...costs, carry: 0n };
  return { held: { ...held, holding: is, recent }, booking };
}

/** A holding after a corporate action: what was executed before it can be told no more. */
export function actOn(
  held: Held,
  mark: number,
  action: CorporateAction,
  instrument: Instrument,
): { readonly held: Held; readonly result: ActionResult } {
  const result = applyAction(held.holding, mark, action, instrument);
  return { held: withHolding(held, result.holding), result };
}

export const withHolding = (held: Held, holding: Holding): Held => ({
  ...held,
  holding,
  before: holding,
  recent: [],
});

/**
 * What a booking pays out in the instrument's currency, but for its charges: a contract against margin its profit,
 * else its value.
 */
export function paid({ value, realised, fee, carry }: Booking, instrument: Instrument): bigint {
  return (isMargined(instrument) ? realised : -value) - fee - carry;
}
