// The last stage of a drawdown: the gate answers by closing the book itself.

import type { RiskVerdict, Target } from "../../schemas/generated/risk.verdicts.ts";
import type { ProposalLimits } from "../risk-config.ts";
import { WHOLE_PPM } from "./book-checks.ts";
import type { Circumstances } from "./docket.ts";

/** Every position to zero; null where there is none, or none may be sold. */
export function closeBook(
  state: Pick<Circumstances, "trading" | "drawdownBps" | "symbols">,
  portfolio: string,
  limits: ProposalLimits | null,
): RiskVerdict | null {
  if (state.trading !== "REDUCE_ONLY") return null;
  const targets: Target[] = [];
  for (const [symbol, { position, approved, price }] of state.symbols) {
    if (position === 0 && approved === 0) continue;
    targets.push({ symbol, weight: 0, quantity: 0, referencePrice: price });
  }
  if (targets.length === 0) return null;
  const limit = limits?.drawdownCloseBps ?? 0;
  const measured = state.drawdownBps;
  return {
    portfolio,
    outcome: "CLOSE",
    reason: "MaxDrawdownExceeded",
    state: state.trading,
    targets,
    checks: [{ check: "DRAWDOWN_CLOSE", symbol: "", limit, measured, unit: "BPS", passed: false }],
    scalePpm: WHOLE_PPM,
    overlays: [],
    events: [],
  };
}
