// What persons forbid to trade, as the order gate knows it: it folds the same commands as the risk gate, and trusts
// nobody to have kept to them. Promises: no order passes that an overlay forbids, whoever sends it; what works and is
// forbidden is taken off the venue when the overlay begins (with the first event at or after that time).
//
// RESTRICTED: no trade: no exit, no child of an algorithm and no flattening either. Who must close such a position lifts the
// overlay, or two persons override the check. RESTRICTED_BUYS: no purchase, covering a short included. BLACKOUT: no
// order that opens; what only reduces passes. A TARGET is the risk gate's.

import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { OrderRiskReason } from "../../schemas/generated/risk.order-verdicts.ts";
import { isBlackedOut } from "../blackouts.ts";
import type { RecurringBlackout } from "../risk-config.ts";
import type { Ban, GateOrder, GateState } from "./gate-state.ts";
import { hold, type Inquiry, usedAt } from "./inquiry.ts";
import { recall } from "./recall.ts";
import { openingOrders } from "./working-orders.ts";

/** After a SetOverlay or a LiftOverlay; one that the risk gate would refuse changes nothing. */
export function setBan(state: GateState, command: ControlCommand, nowUs: number): void {
  const { command: name, overlay, symbol, who, why, fromUs, untilUs } = command;
  if (who.trim() === "" || why.trim() === "") return;
  const kept = state.bans.filter((ban) => ban.untilUs === null || ban.untilUs > nowUs);
  if (name === "LiftOverlay") {
    state.bans = kept.filter(
      (ban) => ban.symbol !== symbol || (overlay !== null && ban.overlay !== overlay),
    );
    return;
  }
  if (overlay !== "RESTRICTED" && overlay !== "RESTRICTED_BUYS" && overlay !== "BLACKOUT") return;
  const beginUs = Math.max(fromUs ?? nowUs, nowUs);
  if (untilUs !== null && untilUs <= beginUs) return;
  const others = kept.filter((ban) => ban.symbol !== symbol || ban.overlay !== overlay);
  const ban = { overlay, symbol, fromUs: beginUs, untilUs, setUs: nowUs, hasBegun: false };
  state.bans = [...others, ban];
  beginBans(state, nowUs);
}

/** Takes off the venue what an overlay forbids that begins now. Cost: a look where there are none. */
export function beginBans(state: GateState, nowUs: number): void {
  for (const ban of state.bans) {
    if (ban.hasBegun || ban.fromUs > nowUs) continue;
    ban.hasBegun = true;
    if (!isOn(ban, nowUs)) continue;
    const works = ban.overlay === "BLACKOUT" ? openingOrders(state) : [...state.orders.values()];
    const forbidden = works.filter((one) => bearsOn(ban, one));
    recall(state, forbidden, reasonOf(ban), nowUs, false);
  }
}

/** The same for blackouts that recur. */
export function beginBlackouts(
  state: GateState,
  blackouts: readonly RecurringBlackout[],
  nowUs: number,
): void {
  for (const [place, blackout] of blackouts.entries()) {
    const isKnown = state.blackedOut.includes(place);
    if (isBlackedOut(blackout, nowUs) === isKnown) continue;
    state.blackedOut = isKnown
      ? state.blackedOut.filter((one) => one !== place)
      : [...state.blackedOut, place];
    if (isKnown) continue;
    const opening = openingOrders(state).filter(
      ({ order }) => blackout.symbol === null || blackout.symbol === order.symbol,
    );
    recall(state, opening, "Blackout", nowUs, false);
  }
}

const isOn = ({ fromUs, untilUs }: Ban, nowUs: number): boolean =>
  fromUs <= nowUs && (untilUs === null || nowUs < untilUs);

const bearsOn = ({ overlay, symbol }: Ban, { order }: Pick<GateOrder, "order">): boolean =>
  (symbol === "" || symbol === order.symbol) &&
  (overlay !== "RESTRICTED_BUYS" || order.side === "BUY");

const reasonOf = ({ overlay }: Ban): OrderRiskReason =>
  overlay === "BLACKOUT" ? "Blackout" : "Restricted";

/** Measured is what of the order is forbidden. Written down where an overlay bears on the order. */
export function checkOverlays(inquiry: Inquiry): void {
  const { state, nowUs, opening, quantity } = inquiry;
  for (const ban of state.bans) {
    if (!isOn(ban, nowUs) || !bearsOn(ban, inquiry)) continue;
    const isBlackout = ban.overlay === "BLACKOUT";
    const finding = {
      check: isBlackout ? "BLACKOUT" : "RESTRICTED",
      limit: 0,
      measured: isBlackout ? opening : quantity,
      unit: "QUANTITY",
      used: usedAt("control.commands", ban.setUs),
    } as const;
    hold(inquiry, finding, reasonOf(ban));
  }
  for (const blackout of inquiry.blackouts) {
    if (blackout.symbol !== null && blackout.symbol !== inquiry.order.symbol) continue;
    if (!isBlackedOut(blackout, nowUs)) continue;
    // The clock alone: the request's own time.
    const finding = { limit: 0, measured: opening, unit: "QUANTITY", used: [] } as const;
    hold(inquiry, { check: "BLACKOUT", ...finding }, "Blackout");
  }
}

/** A renamed symbol takes its overlays along. */
export function renameBans(state: GateState, { symbol, newSymbol }: CorporateAction): void {
  state.bans = state.bans.map((ban) =>
    ban.symbol === symbol ? { ...ban, symbol: newSymbol } : ban,
  );
}
