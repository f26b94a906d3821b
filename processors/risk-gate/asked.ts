// The request of the optimiser that is open, as the gate keeps it until it is answered. Promises: plain data; one at a time, a
// later one takes its place; an action that changes what the request is about ends it, a split restates it.

import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { PoolRequest } from "../../schemas/generated/pool.requests.ts";
import { splitPrice, splitQuantity } from "../../schemas/values/corporate-action.ts";
import { bytesOf, returnsOf } from "../pool-work.ts";
import type { Seen, SymbolRisk } from "./exposure.ts";

export interface Asked extends Omit<PoolRequest, "portfolio" | "returns"> {
  /** A state has no bytes of its own. */
  readonly returns: readonly number[];
  readonly seen: Seen;
  /** What the gate knew of each asset then. */
  readonly names: Map<string, AskedName>;
}

interface AskedName {
  price: number;
  position: number;
}

export function asked(
  { portfolio: _, returns, ...request }: PoolRequest,
  seen: Seen,
  symbols: ReadonlyMap<string, SymbolRisk>,
): Asked {
  const names = request.assets.map((symbol): [string, AskedName] => {
    const { price = 0, position = 0 } = symbols.get(symbol) ?? {};
    return [symbol, { price, position }];
  });
  return { ...request, returns: [...returnsOf(returns)], seen, names: new Map(names) };
}

export const askedRequest = (
  { returns, seen: _, names: __, ...request }: Asked,
  portfolio: string,
): PoolRequest => ({ ...request, portfolio, returns: bytesOf(returns) });

/** What is left of it; null where it no longer speaks of what is there. */
export function actOnAsked(open: Asked, action: CorporateAction): Asked | null {
  const name = open.names.get(action.symbol);
  if (name === undefined || action.action === "CASH_DIVIDEND") return open;
  if (action.action !== "SPLIT") return null;
  name.price = splitPrice(name.price, action);
  name.position = splitQuantity(name.position, action);
  return open;
}
