// The risk gate's verdicts digested in one pass: outcomes, reasons, how near each limit came.

import { type RiskVerdict, riskOutcomeSymbols } from "../../schemas/generated/risk.verdicts.ts";
import type { Metrics, VerdictDigest } from "./report-data.ts";

interface CheckCount {
  judged: number;
  failed: number;
  highestUse: number | null;
}

export class VerdictCounts {
  private readonly counts = new Map<string, number>();
  private readonly checks = new Map<string, CheckCount>();
  private total = 0;

  add({ outcome, reason, checks }: RiskVerdict): void {
    if (outcome === "ANSWER") return; // of a command: nothing was judged
    this.total++;
    const key = `${outcome} ${reason}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    for (const { check, limit, measured, unit, passed } of checks) {
      let count = this.checks.get(check);
      if (count === undefined) {
        count = { judged: 0, failed: 0, highestUse: null };
        this.checks.set(check, count);
      }
      count.judged++;
      if (!passed) count.failed++;
      if (limit <= 0 || unit === "STATE") continue;
      count.highestUse = Math.max(count.highestUse ?? 0, Math.abs(measured) / limit);
    }
  }

  outcomes(): Metrics["verdicts"] {
    const count = (outcome: string): number =>
      this.reasons()
        .filter((one) => one.outcome === outcome)
        .reduce((sum, one) => sum + one.count, 0);
    const scaled = count("SCALE");
    const closed = count("CLOSE");
    return {
      PASS: count("PASS"),
      REDUCE: count("REDUCE"),
      DENY: count("DENY"),
      ...(scaled > 0 ? { SCALE: scaled } : {}),
      ...(closed > 0 ? { CLOSE: closed } : {}),
    };
  }

  private reasons(): VerdictDigest["reasons"] {
    return [...this.counts]
      .map(([key, count]) => {
        const [outcome = "", reason = ""] = key.split(" ");
        return { outcome, reason, count };
      })
      .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  }

  digest(): VerdictDigest {
    const outcomes = this.outcomes();
    return {
      total: this.total,
      outcomes: riskOutcomeSymbols.flatMap((outcome) => {
        const count = outcome === "ANSWER" ? undefined : outcomes[outcome];
        return count === undefined ? [] : [{ outcome, count }];
      }),
      reasons: this.reasons(),
      checks: [...this.checks].map(([check, count]) => ({ check, ...count })),
    };
  }
}
