// Trades that an exchange does not let stand. Promises: each is undone once, by a report that names the one it undoes; the
// order stays what it was. What hung on the trade stays, too: volume, impact, fees of others, linked orders.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { MarketStatus } from "../../schemas/generated/market.status.ts";
import type { Session } from "./session.ts";

/** Exchanges undo trades within a day: what is older is forgotten. */
const KEPT_US = 2 * 86_400_000_000;

/** Keeps an execution for as long as it may be undone. Cost: O(what is kept). */
export function keepDeal(
  deals: readonly ExecutionReport[],
  deal: ExecutionReport,
): ExecutionReport[] {
  const kept = deals.filter(({ tradeUs }) => tradeUs >= deal.tradeUs - KEPT_US);
  kept.push(deal);
  return kept;
}

/** Undoes those whose price was printed in the span, oldest first. */
export function bust(session: Session, { fromUs, toUs }: MarketStatus): void {
  const { book } = session;
  const busted = book.deals.filter(({ tradeUs }) => tradeUs >= fromUs && tradeUs <= toUs);
  if (busted.length === 0) return;
  book.deals = book.deals.filter((deal) => !busted.includes(deal));
  for (const deal of busted) session.undo(deal);
}
