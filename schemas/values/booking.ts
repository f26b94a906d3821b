// What a venue's report does to a portfolio's holding of a symbol, for all who keep one. Promises: a report
// counts once, however often it comes; a busted trade leaves what would be held had it never been made,
// if it is among the last that were booked since a corporate action; else it is booked as its opposite. A trade
// that is heard of after an action it came before is booked as what has become of it (late-deal.ts).

import type { Charge, ExecutionReport } from "../generated/fills.ts";
import type { CorporateAction } from "../generated/market.corporate-actions.ts";
import type { Instrument } from "../generated/market.instruments.ts";
import { givenBack, noCharges } from "./charges.ts";
import { isMargined } from "./contract-terms.ts";
import { type ActionResult, applyAction } from "./corporate-action.ts";
import { type HeardReports, hear, nothingHeard } from "./heard-reports.ts";
import { changeHolding, flatBy, type Holding, type LotMethod } from "./holding.ts";
import { keepAction, lateDeal, type PastAction, underNewName } from "./late-deal.ts";
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
  /** The last corporate actions, oldest first. */
  readonly past: readonly PastAction[];
}

/** `past`: the symbol's actions so far, where they are kept for those who have not held it yet. */
export function heldBy(
  method: LotMethod | undefined,
  past: readonly PastAction[] = noActions,
): Held {
  const holding = flatBy(method);
  return { holding, heard: nothingHeard, before: holding, recent: [], past };
}

const noActions: readonly PastAction[] = [];

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
  /** null: the report says nothing of money, was heard before, or is to be booked under another name. */
  readonly booking: Booking | null;
  /** To be booked in its place: the symbol had another name when it was heard. */
  readonly instead?: ExecutionReport;
}

export function bookReport(held: Held, report: ExecutionReport, instrument: Instrument): Booked {
  const heard = hear(held.heard, report.execId);
  if (heard === null) return { held, booking: null };
  const told = { ...held, heard };
  switch (report.execType) {
    case "FILLED":
      return (
        late(told, report, instrument, 1) ?? trade(told, executionOf(report, instrument), report)
      );
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
    const undone = late(held, report, instrument, -1);
    if (undone !== null) return undone;
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

/** What came before an action and is heard after it; null where it is neither. `sign`: -1 undoes it. */
function late(
  held: Held,
  report: ExecutionReport,
  instrument: Instrument,
  sign: 1 | -1,
): Booked | null {
  const { price, tradeUs: timeUs } = report;
  const last = held.past.at(-1);
  if (last === undefined || timeUs >= last.timeUs) return null;
  const quantity = report.side === "BUY" ? sign * report.quantity : -sign * report.quantity;
  const deal = lateDeal(held.past, { quantity, price, timeUs }, instrument);
  if (deal === null) return null;
  const { past, renamed } = deal;
  const kept = { ...forgotten(held), past };
  const value = notionalMinor(price, quantity, instrument);
  const fee = BigInt(sign) * report.fee;
  const charges = sign === 1 ? report.charges : givenBack(report.charges);
  if (renamed !== null && deal.quantity !== 0) {
    const instead = { ...underNewName(report, deal, renamed), fee: 0n, charges: noCharges };
    // What its price in new shares, rounded, makes of it is less by fractions, and that is made final here.
    const rest = value - notionalMinor(deal.price, deal.quantity, instrument) - deal.income;
    const booking = { quantity: 0, value: rest, realised: -rest, fee, carry: 0n, charges };
    return { held: kept, booking, instead };
  }
  const { holding, realised } =
    deal.quantity === 0
      ? { holding: held.holding, realised: -value }
      : changeHolding(held.holding, deal.quantity, value, timeUs);
  const booking = {
    quantity: deal.quantity,
    value: value - deal.income,
    realised: realised + deal.income,
    fee,
    carry: 0n,
    charges,
  };
  return { held: { ...kept, holding, before: holding }, booking };
}

/** A holding after a corporate action at `timeUs`: what was executed before it can be undone as its opposite only. */
export function actOn(
  held: Held,
  mark: number,
  action: CorporateAction,
  instrument: Instrument,
  timeUs: number,
): { readonly held: Held; readonly result: ActionResult } {
  const result = applyAction(held.holding, mark, action, instrument);
  const past = keepAction(held.past, timeUs, action, mark, held.holding.quantity);
  return { held: { ...withHolding(held, result.holding), past }, result };
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
