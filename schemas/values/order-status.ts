// The life of an order as data: which status a venue's report may lead to from which. After FIX 4.4 volume 4,
// appendix D ("Order state change matrices") and the values of OrdStatus (39) and ExecType (150), as far as
// our venues use them. docs/orders.md is printed from here. Promises: an order that has ended stays ended.
//
// Two statuses are ours to know before the venue does, PENDING_CANCEL and PENDING_REPLACE: they cover the
// venue's status while a request is unanswered (order-progress.ts), the cancel before the replace, which is the
// precedence that FIX gives them.

import type { ExecType, ExecutionReport } from "../generated/fills.ts";

export const venueStatuses = [
  "PENDING_NEW",
  "NEW",
  "SUSPENDED",
  "PARTIALLY_FILLED",
  "FILLED",
  "CANCELED",
  "EXPIRED",
  "REJECTED",
] as const;

/** What a venue says of an order. */
export type VenueStatus = (typeof venueStatuses)[number];

export type OrderStatus = VenueStatus | "PENDING_CANCEL" | "PENDING_REPLACE";

type Steps = { readonly [Type in ExecType]?: readonly VenueStatus[] };

const canEnd = { CANCELED: ["CANCELED"], EXPIRED: ["EXPIRED"] } as const;
const untouched = {
  ...canEnd,
  SUSPENDED: ["SUSPENDED"],
  TRIGGERED: ["NEW"],
  REPLACED: ["NEW"],
  RESTATED: ["NEW"],
  FILLED: ["PARTIALLY_FILLED", "FILLED"],
  // FIX lets an order be rejected after it was acknowledged, too.
  REJECTED: ["REJECTED"],
} as const;

/** Status by report to what may follow; a refused cancel or replace changes nothing. */
export const transitions: { readonly [Status in VenueStatus]: Steps } = {
  PENDING_NEW: { NEW: ["NEW"], ...untouched },
  NEW: untouched,
  SUSPENDED: {
    ...canEnd,
    SUSPENDED: ["SUSPENDED"],
    NEW: ["NEW", "PARTIALLY_FILLED"],
    TRIGGERED: ["NEW", "PARTIALLY_FILLED"],
    REPLACED: ["NEW", "PARTIALLY_FILLED", "FILLED"],
    RESTATED: ["NEW", "PARTIALLY_FILLED", "FILLED"],
  },
  PARTIALLY_FILLED: {
    ...canEnd,
    SUSPENDED: ["SUSPENDED"],
    TRIGGERED: ["PARTIALLY_FILLED"],
    REPLACED: ["PARTIALLY_FILLED", "FILLED"],
    RESTATED: ["PARTIALLY_FILLED", "FILLED"],
    FILLED: ["PARTIALLY_FILLED", "FILLED"],
  },
  FILLED: {},
  CANCELED: {},
  EXPIRED: {},
  REJECTED: {},
};

export const isEnd = (status: VenueStatus): boolean =>
  Object.keys(transitions[status]).length === 0;

/**
 * The status that a report gives its order, by the report alone, whatever came before; null where it gives
 * none: it answers a request, or is about a trade or a position, not about the order. A report that changes a suspended order is followed by one that suspends it anew.
 */
export function statusAfter(report: {
  readonly execType: ExecType;
  readonly cumQuantity: number;
  readonly leavesQuantity: number;
}): VenueStatus | null {
  const working = report.cumQuantity > 0 ? "PARTIALLY_FILLED" : "NEW";
  switch (report.execType) {
    case "FILLED":
    case "REPLACED":
    case "RESTATED":
      return report.leavesQuantity === 0 ? "FILLED" : working;
    case "NEW":
    case "TRIGGERED":
      return working;
    case "CANCEL_REJECTED":
    case "REPLACE_REJECTED":
    case "TRADE_CANCEL":
    case "CARRIED":
    case "MARGIN_CALL":
      return null;
    default:
      return report.execType;
  }
}

/** Whether one report of that kind leads from the one status to the other. */
export const isStep = (from: VenueStatus, by: ExecType, to: VenueStatus): boolean =>
  transitions[from][by]?.includes(to) ?? false;

const nextOf = (from: VenueStatus): readonly VenueStatus[] =>
  Object.values(transitions[from]).flat();

/** Statuses that some number of reports, at least one, leads to. */
const reach = new Map(
  venueStatuses.map((from) => {
    const found = new Set(nextOf(from));
    for (const status of found) for (const next of nextOf(status)) found.add(next);
    return [from, found] as const;
  }),
);

/** Whether reports that were not heard may lie between: the report that led to `to` came early. */
export const isReachable = (from: VenueStatus, to: VenueStatus): boolean =>
  reach.get(from)?.has(to) ?? false;

/** An execution, or what changes or ends an order: null where its numbers cannot be. */
export function numbersFault(report: ExecutionReport, cumQuantity: number): string | null {
  const { execType, quantity, leavesQuantity } = report;
  const isFill = execType === "FILLED";
  if (leavesQuantity < 0) return `leaves ${leavesQuantity}`;
  if (isFill && (quantity <= 0 || quantity > cumQuantity)) {
    return `executes ${quantity} of ${cumQuantity} in all`;
  }
  if (!isFill && quantity !== 0) return `is no execution and executes ${quantity}`;
  const status = statusAfter({ execType, cumQuantity, leavesQuantity });
  if (status === "FILLED" && cumQuantity === 0) return "fills an order without an execution";
  const ends = status !== null && isEnd(status);
  if (ends && leavesQuantity !== 0) return `ends an order and leaves ${leavesQuantity}`;
  if (status !== null && !ends && leavesQuantity === 0) return "leaves nothing of an open order";
  return null;
}
