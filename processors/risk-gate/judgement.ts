// The checks, in their order, on one proposal. Promises: every check that is made is written down
// with its limit and what was measured; PASS has no failed check; DENY lets nothing through; what
// REDUCE and SCALE let through lies between the position and what was proposed, within every limit: SCALE
// where one factor (scalePpm) shrank what every trade adds, REDUCE where single trades were cut.
//
// Each check measures what the checks before it left. Where a breach cuts (onBreach reduce), a trade
// with nothing left is not measured further. Where it denies, and when trading is halted or killed,
// everything is measured as proposed. Trades that only reduce a position pass the limits on position,
// exposure and drawdown; a bad price or a huge order stops them like any other.

import type { RiskVerdict, Target } from "../../schemas/generated/risk.verdicts.ts";
import type { WeightsProposal } from "../../schemas/generated/weights.proposals.ts";
import { exposureMinor } from "../../schemas/values/money.ts";
import { isPair } from "../currency.ts";
import { checkBook, WHOLE_PPM } from "./book-checks.ts";
import { checkCertificate } from "./certificate-checks.ts";
import { checkConduct } from "./conduct-checks.ts";
import { type Circumstances, type Docket, type Trade, tradeOf } from "./docket.ts";
import { eventsUsed } from "./evidence.ts";
import { type SymbolRisk, unknownSymbol } from "./exposure.ts";
import { checkOverlays, withPersonsTargets } from "./overlays.ts";
import { checkDrawdown, checkGrossExposure } from "./portfolio-checks.ts";
import {
  checkOrderValue,
  checkPosition,
  checkPrice,
  checkPriceAge,
  checkState,
} from "./trade-checks.ts";

const conversionChecks = [checkState, checkPriceAge, checkPrice, checkOrderValue];
const tradeChecks = [checkState, checkPosition, checkPriceAge, checkPrice, checkOrderValue];

export function judge(proposal: WeightsProposal, at: Circumstances): RiskVerdict {
  const riskOf = (symbol: string): SymbolRisk => at.symbols.get(symbol) ?? unknownSymbol();
  // Cash for cash: neither a position nor exposure.
  const converts =
    proposal.targets.length > 0 &&
    proposal.targets.every(({ symbol }) => {
      const { instrument } = riskOf(symbol);
      return instrument !== null && isPair(instrument);
    });
  const targets =
    at.overlays.length === 0 || converts
      ? proposal.targets
      : withPersonsTargets(proposal.targets, at.overlays, at.symbols, at.timeUs);
  const trades = targets.map((target) => tradeOf(target, riskOf(target.symbol)));
  const docket = open(at, trades, proposal);
  if (at.answers !== null && proposal.targets.length > 0 && !converts) {
    checkCertificate(docket, proposal, at.answers);
  }
  const overlaid = at.overlays.length > 0 || (at.book?.limits.blackouts.length ?? 0) > 0;
  const own = converts ? conversionChecks : tradeChecks;
  for (const check of overlaid ? [checkOverlays, ...own] : own) {
    for (const trade of trades) if (!trade.refused) check(docket, trade);
  }
  checkConduct(docket);
  // Last, on what is left: no cut after it may take away a sale that made room for a purchase.
  if (!converts) {
    checkGrossExposure(docket);
    checkBook(docket);
  }
  checkDrawdown(docket);
  const left = docket.denied ? [] : trades.filter(({ refused }) => !refused);
  const failed = docket.reason !== "NONE";
  const scaled = docket.scalePpm < WHOLE_PPM;
  return {
    portfolio: proposal.portfolio,
    outcome: !failed ? "PASS" : left.length === 0 ? "DENY" : scaled ? "SCALE" : "REDUCE",
    reason: !failed && docket.personal ? "ManualTarget" : docket.reason,
    state: at.trading,
    targets: left.map((trade) => resized(trade, proposal.equity)),
    checks: docket.checks,
    scalePpm: docket.scalePpm,
    overlays: docket.overlays,
    events: [
      ...eventsUsed(
        at.evidence,
        at.symbols,
        targets.map(({ symbol }) => symbol),
        docket.told,
        at.book?.limits.maxBetaBps == null ? null : at.book.limits.benchmark,
      ),
      ...requestUsed(at),
    ],
    answer: "",
  };
}

const requestUsed = ({ answers }: Circumstances): RiskVerdict["events"] => {
  const asked = answers?.asked ?? null;
  return asked === null ? [] : [{ topic: "pool.requests", symbol: "", ...asked.seen }];
};

const open = (
  at: Circumstances,
  trades: readonly Trade[],
  { targets }: WeightsProposal,
): Docket => ({
  at,
  trades,
  checks: [],
  reason: "NONE",
  denied: false,
  scalePpm: WHOLE_PPM,
  personal: false,
  proposed: new Map(
    at.overlays.length === 0 ? [] : targets.map(({ symbol, quantity }) => [symbol, quantity]),
  ),
  overlays: [],
  told: [],
});

/** The weight goes with the quantity; a sale to nothing has none, so its rest weighs what it is worth. */
function resized({ target, risk, quantity }: Trade, equity: bigint): Target {
  if (quantity === target.quantity) return target;
  if (quantity === 0) return { ...target, quantity, weight: 0 };
  if (target.quantity !== 0) {
    return { ...target, quantity, weight: target.weight * (quantity / target.quantity) };
  }
  const { instrument } = risk;
  const value =
    instrument === null ? 0n : exposureMinor(target.referencePrice, quantity, instrument);
  return { ...target, quantity, weight: equity > 0n ? Number(value) / Number(equity) : 0 };
}
