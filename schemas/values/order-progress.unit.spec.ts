// The state machine of an order against a venue that knows the truth: in order, in every order, with every
// report twice, and against reports that cannot be.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ExecutionReport, execTypeSymbols } from "../generated/fills.ts";
import { type HeardReports, hear, nothingHeard } from "./heard-reports.ts";
import {
  advance,
  cancelRequested,
  isDone,
  type OrderProgress,
  replaceRequested,
  statusOf,
  submitted,
} from "./order-progress.ts";
import {
  isEnd,
  isReachable,
  statusAfter,
  transitions,
  type VenueStatus,
  venueStatuses,
} from "./order-status.ts";

const QUANTITY = 12;

const reportOf = (changes: Partial<ExecutionReport>): ExecutionReport => ({
  orderId: 1,
  execType: "NEW",
  portfolio: "main",
  symbol: "A",
  side: "BUY",
  quantity: 0,
  price: 0,
  leavesQuantity: QUANTITY,
  fee: 0n,
  slippage: 0,
  reason: "NONE",
  tradeUs: 0,
  execId: 1,
  cumQuantity: 0,
  parts: [],
  refExecId: 0,
  charges: [],
  ...changes,
});

/** What a venue may do next, by the words of the FIX matrices: written apart from the table. */
type Deed =
  | "ack"
  | "suspend"
  | "trigger"
  | "fill"
  | "restate"
  | "expire"
  | "cancel"
  | "reject"
  | "refuse cancel"
  | "refuse replace"
  | "replace";

/** Plays deeds that are possible, in order; the rest is left out. Requests come before all answers. */
class Venue {
  readonly reports: ExecutionReport[] = [];
  status: VenueStatus = "PENDING_NEW";
  cum = 0;
  leaves = QUANTITY;
  cancels: number;
  replaces: number;

  constructor(cancels: number, replaces: number) {
    this.cancels = cancels;
    this.replaces = replaces;
  }

  private get over(): boolean {
    return ["FILLED", "CANCELED", "EXPIRED", "REJECTED"].includes(this.status);
  }

  private tell(execType: ExecutionReport["execType"], quantity = 0): void {
    const { cum: cumQuantity, leaves: leavesQuantity, reports } = this;
    const execId = reports.length + 1;
    reports.push(reportOf({ execType, quantity, cumQuantity, leavesQuantity, execId }));
  }

  private end(status: "CANCELED" | "EXPIRED" | "REJECTED"): void {
    this.status = status;
    this.leaves = 0;
    this.tell(status);
  }

  private work(): void {
    this.status = this.leaves === 0 ? "FILLED" : this.cum > 0 ? "PARTIALLY_FILLED" : "NEW";
  }

  play(deed: Deed, size: number): void {
    if (deed === "refuse cancel" && this.cancels > 0) {
      this.cancels--;
      this.tell("CANCEL_REJECTED");
    } else if (deed === "refuse replace" && this.replaces > 0) {
      this.replaces--;
      this.tell("REPLACE_REJECTED");
    }
    if (this.over) return;
    const { status } = this;
    if (deed === "ack" && status === "PENDING_NEW") {
      this.work();
      this.tell("NEW");
    } else if (deed === "suspend") {
      this.status = "SUSPENDED";
      this.tell("SUSPENDED");
    } else if (deed === "trigger") {
      this.work();
      this.tell("TRIGGERED");
    } else if (deed === "fill" && status !== "SUSPENDED") {
      const quantity = Math.min(size, this.leaves);
      this.cum += quantity;
      this.leaves -= quantity;
      this.work();
      this.tell("FILLED", quantity);
    } else if (deed === "restate" && this.leaves > size) {
      this.leaves -= size;
      this.work();
      this.tell("RESTATED");
    } else if (deed === "replace" && this.replaces > 0) {
      this.replaces--;
      this.leaves = Math.max(1, QUANTITY - this.cum);
      this.work();
      this.tell("REPLACED");
    } else if (deed === "expire") this.end("EXPIRED");
    else if (deed === "cancel") this.end("CANCELED");
    else if (deed === "reject" && this.cum === 0 && status !== "SUSPENDED") this.end("REJECTED");
  }
}

const deed = fc.record({
  deed: fc.constantFrom<Deed>(
    "ack",
    "suspend",
    "trigger",
    "fill",
    "fill",
    "fill",
    "restate",
    "expire",
    "cancel",
    "reject",
    "refuse cancel",
    "refuse replace",
    "replace",
  ),
  size: fc.integer({ min: 1, max: 5 }),
});

const played = fc
  .record({
    deeds: fc.array(deed, { maxLength: 14, size: "max" }),
    cancels: fc.nat(2),
    replaces: fc.nat(2),
  })
  .map(({ deeds, cancels, replaces }) => {
    const venue = new Venue(cancels, replaces);
    for (const one of deeds) venue.play(one.deed, one.size);
    let progress = submitted(QUANTITY);
    for (let i = 0; i < cancels; i++) progress = cancelRequested(progress);
    for (let i = 0; i < replaces; i++) progress = replaceRequested(progress, QUANTITY);
    return { venue, progress };
  });

interface Heard {
  readonly progress: OrderProgress;
  readonly heard: HeardReports;
  readonly executed: number;
}

/** Executions counted as the machine lets them. */
function listen(progress: OrderProgress, reports: readonly ExecutionReport[]): Heard {
  let state: Heard = { progress, heard: nothingHeard, executed: 0 };
  for (const report of reports) {
    const heard = hear(state.heard, report.execId);
    if (heard === null) continue;
    const step = advance(state.progress, report);
    expect(step.illegal).toBeNull();
    const executed = state.executed + report.quantity;
    state = { progress: step.progress, heard, executed };
  }
  return state;
}

describe("reports in order", () => {
  test("lead to what the venue knows, whatever it does", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(played, ({ venue, progress }) => {
        const { progress: end, executed, heard } = listen(progress, venue.reports);
        expect(end).toMatchObject({
          status: venue.status,
          cumQuantity: venue.cum,
          leavesQuantity: venue.leaves,
          missing: [],
          cancels: venue.cancels,
          replaces: venue.replaces,
        });
        expect(executed).toBe(venue.cum);
        expect(heard).toEqual({ through: venue.reports.length, beyond: [] });
        seen.add(statusOf(end));
      }),
      { numRuns: 3000 },
    );
    // Every status was reached, those that cover the venue's too.
    expect([...seen].sort()).toEqual(
      [...venueStatuses, "PENDING_CANCEL", "PENDING_REPLACE"].sort(),
    );
  });

  test("a request covers the status until it is answered, the cancel before the replace", () => {
    let progress = advance(submitted(QUANTITY), reportOf({})).progress;
    expect(statusOf(progress)).toBe("NEW");
    progress = replaceRequested(progress, 20);
    expect(statusOf(progress)).toBe("PENDING_REPLACE");
    progress = cancelRequested(progress);
    expect(statusOf(progress)).toBe("PENDING_CANCEL");
    const replaced = reportOf({ execType: "REPLACED", execId: 2, leavesQuantity: 20 });
    progress = advance(progress, replaced).progress;
    expect(statusOf(progress)).toBe("PENDING_CANCEL");
    const tooLate = reportOf({ execType: "CANCEL_REJECTED", execId: 3, leavesQuantity: 20 });
    progress = advance(progress, tooLate).progress;
    expect(statusOf(progress)).toBe("NEW");
  });

  test("reports without a number count as they come", () => {
    const fill = (quantity: number, leavesQuantity: number) =>
      reportOf({ execType: "FILLED", execId: 0, quantity, leavesQuantity });
    const half = advance(submitted(QUANTITY), fill(6, 6)).progress;
    expect(half).toMatchObject({ status: "PARTIALLY_FILLED", cumQuantity: 6, missing: [] });
    const whole = advance(half, fill(6, 0)).progress;
    expect(whole).toMatchObject({ status: "FILLED", cumQuantity: 12 });
    expect(isDone(whole)).toBe(true);
  });
});

describe("reports late, twice and out of order", () => {
  test("lead to the same state in every permutation of a short life", () => {
    const short = played.filter(({ venue }) => venue.reports.length <= 5);
    fc.assert(
      fc.property(short, ({ venue, progress }) => {
        const expected = listen(progress, venue.reports);
        for (const order of permutations(venue.reports)) {
          expect(listen(progress, order)).toEqual(expected);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("lead to the same state in random order, each told up to three times", () => {
    const shuffled = played.chain((life) =>
      fc
        .shuffledSubarray([...life.venue.reports, ...life.venue.reports, ...life.venue.reports], {
          minLength: life.venue.reports.length * 2,
        })
        .map((again) => ({ ...life, again: [...again, ...life.venue.reports] })),
    );
    fc.assert(
      fc.property(shuffled, ({ venue, progress, again }) => {
        expect(listen(progress, again)).toEqual(listen(progress, venue.reports));
      }),
      { numRuns: 2000 },
    );
  });

  test("an order whose end came before its executions is not done until they are told", () => {
    const canceled = reportOf({
      execType: "CANCELED",
      execId: 3,
      leavesQuantity: 0,
      cumQuantity: 7,
    });
    const fill = (execId: number, quantity: number, cumQuantity: number) =>
      reportOf({
        execType: "FILLED",
        execId,
        quantity,
        cumQuantity,
        leavesQuantity: QUANTITY - cumQuantity,
      });
    const ended = advance(submitted(QUANTITY), canceled).progress;
    expect(ended).toMatchObject({ status: "CANCELED", missing: [{ from: 0, to: 7 }] });
    const first = advance(ended, fill(2, 4, 7)).progress;
    expect(first.missing).toEqual([{ from: 0, to: 3 }]);
    expect(isDone(first)).toBe(false);
    const second = advance(first, fill(1, 3, 3)).progress;
    expect(isDone(second)).toBe(true);
    expect(second.status).toBe("CANCELED");
  });
});

describe("an order that was sent a second time", () => {
  test("is refused, and the first stays what it is", () => {
    const working = advance(submitted(QUANTITY), reportOf({ execType: "NEW" })).progress;
    const refused = reportOf({ execType: "REJECTED", reason: "DuplicateOrder", execId: 2 });
    expect(advance(working, refused)).toEqual({ progress: working, illegal: null });
  });
});

describe("reports that cannot be", () => {
  const amount = fc.integer({ min: -1, max: QUANTITY + 2 });
  const execType = fc.constantFrom(...execTypeSymbols);
  const execId = fc.integer({ min: 0, max: 30 });
  // Half of them with numbers that agree, or hardly any would be taken.
  const any = fc.oneof(
    fc.record({ execType, execId, quantity: amount, cumQuantity: amount, leavesQuantity: amount }),
    fc
      .record({
        execType,
        execId,
        cumQuantity: fc.nat(QUANTITY),
        size: fc.integer({ min: 1, max: 4 }),
      })
      .map(({ size, ...report }) => ({
        ...report,
        quantity: report.execType === "FILLED" ? size : 0,
        leavesQuantity:
          statusAfter({ ...report, leavesQuantity: 1 }) === report.execType &&
          report.execType !== "NEW" &&
          report.execType !== "SUSPENDED"
            ? 0
            : QUANTITY - report.cumQuantity,
      })),
  );

  test("leave the order as it was, and nothing leads out of an end or past what was ordered", () => {
    let refused = 0;
    let taken = 0;
    fc.assert(
      fc.property(
        played,
        fc.array(any, { maxLength: 20, size: "max" }),
        ({ progress }, reports) => {
          let now = progress;
          for (const changes of reports) {
            const { progress: next, illegal } = advance(now, reportOf(changes));
            if (illegal !== null) {
              refused++;
              expect(next).toBe(now);
              continue;
            }
            taken++;
            if (next.status !== now.status) {
              expect(isEnd(now.status)).toBe(false);
              expect(isReachable(now.status, next.status)).toBe(true);
            }
            expect(next.cumQuantity).toBeGreaterThanOrEqual(now.cumQuantity);
            expect(next.cumQuantity + next.leavesQuantity).toBeLessThanOrEqual(QUANTITY);
            expect(
              Math.min(next.cancels, next.replaces, next.leavesQuantity),
            ).toBeGreaterThanOrEqual(0);
            const ended = isEnd(next.status);
            expect(next.leavesQuantity === 0).toBe(ended);
            for (const { from, to } of next.missing) expect(from).toBeLessThan(to);
            now = next;
          }
        },
      ),
      { numRuns: 3000 },
    );
    expect(Math.min(refused, taken)).toBeGreaterThan(2000);
  });

  const filled = advance(
    submitted(QUANTITY),
    reportOf({ execType: "FILLED", execId: 4, quantity: 5, cumQuantity: 5, leavesQuantity: 7 }),
  ).progress;

  test.each<[string, Partial<ExecutionReport>, RegExp]>([
    ["an acknowledgement after an execution", { execId: 5 }, /5 were/],
    [
      "a rejection after an execution",
      { execType: "REJECTED", execId: 5, cumQuantity: 5, leavesQuantity: 0 },
      /REJECTED leads from PARTIALLY_FILLED/,
    ],
    [
      "more than was ordered",
      { execType: "FILLED", execId: 5, quantity: 8, cumQuantity: 13, leavesQuantity: 0 },
      /of 12 ordered/,
    ],
    [
      "an execution again under another number",
      { execType: "FILLED", execId: 3, quantity: 5, cumQuantity: 5, leavesQuantity: 7 },
      /a second time/,
    ],
    [
      "a cancel's refusal that nobody asked for",
      { execType: "CANCEL_REJECTED", execId: 5 },
      /no request/,
    ],
    [
      "a replace that nobody asked for",
      { execType: "REPLACED", execId: 5, cumQuantity: 5, leavesQuantity: 5 },
      /no replace/,
    ],
    [
      "an execution of nothing",
      { execType: "FILLED", execId: 5, cumQuantity: 5, leavesQuantity: 7 },
      /executes 0/,
    ],
    [
      "an end that leaves something",
      { execType: "CANCELED", execId: 5, cumQuantity: 5, leavesQuantity: 7 },
      /ends an order and leaves 7/,
    ],
  ])("%s is told apart", (_, changes, reason) => {
    const { illegal, progress } = advance(filled, reportOf(changes));
    expect(illegal).toMatch(reason);
    expect(progress).toBe(filled);
  });
});

test("nothing follows an end, and every status but the first can be reached", () => {
  for (const status of venueStatuses) {
    const ends = ["FILLED", "CANCELED", "EXPIRED", "REJECTED"].includes(status);
    expect(isEnd(status)).toBe(ends);
    expect(Object.values(transitions[status]).flat()).not.toContain("PENDING_NEW");
    expect(isReachable("PENDING_NEW", status)).toBe(status !== "PENDING_NEW");
  }
});

function* permutations<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [i, first] of items.entries()) {
    const rest = [...items.slice(0, i), ...items.slice(i + 1)];
    for (const tail of permutations(rest)) yield [first, ...tail];
  }
}
