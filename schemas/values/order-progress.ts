// How far an order has come, from our requests and the venue's reports. Promises: reports that come late, twice
// or out of order lead to the state that they lead to in order; an illegal report leaves it as it was, and
// says why it is illegal; an execution is counted once.
//
// The venue numbers its reports (execId): the newest gives status and quantities, an older one only tells of
// an execution that was missing, or answers a request. The reports of version 1 have no number: they count as
// the newest, as they come.

import type { ExecutionReport } from "../generated/fills.ts";
import {
  isEnd,
  isReachable,
  isStep,
  numbersFault,
  type OrderStatus,
  statusAfter,
  type VenueStatus,
} from "./order-status.ts";

/** Executions between two cumulative quantities. */
interface Span {
  readonly from: number;
  readonly to: number;
}

export interface OrderProgress {
  readonly status: VenueStatus;
  /** Of the newest report that gave a status; 0 before the first. */
  readonly execId: number;
  readonly cumQuantity: number;
  readonly leavesQuantity: number;
  /** Executed by what the newest report says, and not told of one by one yet. */
  readonly missing: readonly Span[];
  /** Requests without an answer. */
  readonly cancels: number;
  readonly replaces: number;
  /** Greatest quantity that was ever asked for. */
  readonly asked: number;
}

export const submitted = (quantity: number): OrderProgress => ({
  status: "PENDING_NEW",
  execId: 0,
  cumQuantity: 0,
  leavesQuantity: quantity,
  missing: [],
  cancels: 0,
  replaces: 0,
  asked: quantity,
});

export const cancelRequested = (progress: OrderProgress): OrderProgress => ({
  ...progress,
  cancels: progress.cancels + 1,
});

export const replaceRequested = (progress: OrderProgress, quantity: number): OrderProgress => ({
  ...progress,
  replaces: progress.replaces + 1,
  asked: Math.max(progress.asked, quantity),
});

export function statusOf({ status, cancels, replaces }: OrderProgress): OrderStatus {
  if (isEnd(status)) return status;
  if (cancels > 0) return "PENDING_CANCEL";
  return replaces > 0 ? "PENDING_REPLACE" : status;
}

/** Ended, and every execution told of: nothing more is to come but answers to requests. */
export const isDone = ({ status, missing }: OrderProgress): boolean =>
  isEnd(status) && missing.length === 0;

export interface Advance {
  readonly progress: OrderProgress;
  /** Why the report cannot be; null where it is legal. */
  readonly illegal: string | null;
}

/** Takes a report that was not heard before (heard-reports.ts). Cost: a walk over what is missing. */
export function advance(before: OrderProgress, report: ExecutionReport): Advance {
  const refuse = (illegal: string): Advance => ({ progress: before, illegal });
  const { execType, execId, quantity } = report;
  // What the order has executed it has executed: a busted trade is one of its own, the other way.
  if (execType === "TRADE_CANCEL" || execType === "CARRIED" || execType === "MARGIN_CALL") {
    return { progress: before, illegal: null };
  }
  // Of the order that came a second time: the one that came first is what it was.
  if (report.reason === "DuplicateOrder") return { progress: before, illegal: null };
  const unnumbered = execId === 0;
  const executed = execType === "FILLED" ? quantity : 0;
  const cumQuantity = unnumbered ? before.cumQuantity + executed : report.cumQuantity;
  const fault = numbersFault(report, cumQuantity);
  if (fault !== null) return refuse(fault);
  const status = statusAfter({ ...report, cumQuantity });
  if (status === null) return answered(before, report);
  if (execType === "REPLACED" && before.replaces === 0) return refuse("answers no replace");
  const known = Math.max(cumQuantity, before.cumQuantity);
  if (known + (cumQuantity === known ? report.leavesQuantity : 0) > before.asked) {
    return refuse(`${known} executed and ${report.leavesQuantity} left of ${before.asked} ordered`);
  }
  const isNewest = unnumbered || execId > before.execId;
  const [older, newer] = isNewest ? [before.cumQuantity, cumQuantity] : [cumQuantity, known];
  if (older > newer) return refuse(`${cumQuantity} executed where ${before.cumQuantity} were`);
  const direct = unnumbered || execId === before.execId + 1;
  const legal = direct
    ? isStep(before.status, execType, status)
    : isNewest
      ? isReachable(before.status, status)
      : isReachable(status, before.status);
  if (!legal) return refuse(`${execType} leads from ${before.status} to ${status}`);
  const open = isNewest ? extended(before.missing, older, newer) : before.missing;
  const missing = executed === 0 ? open : without(open, cumQuantity - executed, cumQuantity);
  if (missing === null) return refuse(`executes ${executed} up to ${cumQuantity} a second time`);
  const replaces = before.replaces - (execType === "REPLACED" ? 1 : 0);
  if (!isNewest) return { progress: { ...before, missing, replaces }, illegal: null };
  const { leavesQuantity } = report;
  const now = { ...before, status, execId, cumQuantity, leavesQuantity, missing, replaces };
  return { progress: now, illegal: null };
}

/** A request that was refused, or came too late: the order is what its other reports say. */
function answered(before: OrderProgress, { execType }: ExecutionReport): Advance {
  const isCancel = execType === "CANCEL_REJECTED";
  const count = isCancel ? before.cancels : before.replaces;
  if (count === 0) return { progress: before, illegal: `${execType} answers no request` };
  const rest = isCancel ? { cancels: count - 1 } : { replaces: count - 1 };
  return { progress: { ...before, ...rest }, illegal: null };
}

/** The spans and one behind them: joined where they touch, so that one set has one form. */
function extended(spans: readonly Span[], from: number, to: number): readonly Span[] {
  if (from === to) return spans;
  const last = spans.at(-1);
  if (last === undefined || last.to < from) return [...spans, { from, to }];
  return [...spans.slice(0, -1), { from: last.from, to }];
}

/** The spans less one that lies within one of them; null where it does not. */
function without(spans: readonly Span[], from: number, to: number): readonly Span[] | null {
  const at = spans.findIndex((span) => span.from <= from && to <= span.to);
  const around = spans[at];
  if (around === undefined) return null;
  const parts = [
    { from: around.from, to: from },
    { from: to, to: around.to },
  ].filter((part) => part.from < part.to);
  return [...spans.slice(0, at), ...parts, ...spans.slice(at + 1)];
}
