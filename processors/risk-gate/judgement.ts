// The checks, in their order, on one proposal. Promises: every check that is made is written down
// with its limit and what was measured; PASS has no failed check; DENY lets nothing through; what
// REDUCE lets through lies between the position and what was proposed, within every limit.
//
// Each check measures what the checks before it left. Where a breach cuts (onBreach reduce), a trade
// with nothing left is not measured further. Where it denies, and when trading is halted or killed,
// everything is measured as proposed. Trades that only reduce a position pass the limits on position,
// exposure and drawdown; a bad price or a huge order stops them like any other.

import type { RiskVerdict, Target } from "../../schemas/generated/risk.verdicts.ts";
import type { WeightsProposal } from "../../schemas/generated/weights.proposals.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import { type Circumstances, type Docket, type Trade, tradeOf } from "./docket.ts";
import { type SymbolRisk, unknownSymbol } from "./exposure.ts";
import { checkDrawdown, checkGrossExposure } from "./portfolio-checks.ts";
import { checkOrderValue, checkPosition, checkPrice, checkState } from "./trade-checks.ts";

export function judge(proposal: WeightsProposal, at: Circumstances): RiskVerdict {
  const riskOf = (symbol: string): SymbolRisk => at.symbols.get(symbol) ?? unknownSymbol();
  const trades = proposal.targets.map((target) => tradeOf(target, riskOf(target.symbol)));
  const docket: Docket = { at, trades, checks: [], reason: "NONE", denied: false };
  for (const check of [checkState, checkPosition, checkPrice, checkOrderValue]) {
    for (const trade of trades) if (!trade.refused) check(docket, trade);
  }
  // Last, on what is left: no cut after it may take away a sale that made room for a purchase.
  checkGrossExposure(docket);
  checkDrawdown(docket);
  const left = docket.denied ? [] : trades.filter(({ refused }) => !refused);
  const failed = docket.reason !== "NONE";
  return {
    portfolio: proposal.portfolio,
    outcome: !failed ? "PASS" : left.length === 0 ? "DENY" : "REDUCE",
    reason: docket.reason,
    state: at.trading,
    targets: left.map((trade) => resized(trade, proposal.equity)),
    checks: docket.checks,
  };
}

/** The weight goes with the quantity; a sale to nothing has none, so its rest weighs what it is worth. */
function resized({ target, risk, quantity }: Trade, equity: bigint): Target {
  if (quantity === target.quantity) return target;
  if (quantity === 0) return { ...target, quantity, weight: 0 };
  if (target.quantity !== 0) {
    return { ...target, quantity, weight: target.weight * (quantity / target.quantity) };
  }
  const { instrument } = risk;
  const value =
    instrument === null ? 0n : notionalMinor(target.referencePrice, quantity, instrument);
  return { ...target, quantity, weight: equity > 0n ? Number(value) / Number(equity) : 0 };
}
