// What fault runs found, as a table: for each fault how often it was made, what anomalies the histories
// showed, and how long it took until there was progress again.

import { type Cell, tableText } from "../cli/table.ts";

export interface FaultResult {
  readonly fault: string;
  readonly rounds: number;
  /**
   * By kind: those of the history checker, and what else a run was judged by. A stage is judged as one, so
   * the rows of one fault share them.
   */
  readonly anomalies: ReadonlyMap<string, number>;
  /** From the fault to the first progress after it, one a round in which there was any. */
  readonly recoveriesMs: readonly number[];
}

/** `fault  rounds  anomalies  kinds  recovered  p50 ms  max ms`. */
export function faultTable(results: readonly FaultResult[]): string {
  const rows = results.map(({ fault, rounds, anomalies, recoveriesMs }) => {
    const sorted = [...recoveriesMs].sort((a, b) => a - b);
    const kinds = [...anomalies].map(([kind, count]) => `${kind} ${count}`).join(", ");
    const row: Record<string, Cell> = {
      fault,
      rounds,
      anomalies: [...anomalies.values()].reduce((sum, count) => sum + count, 0),
      kinds: kinds === "" ? "none" : kinds,
      recovered: sorted.length,
      "p50 ms": whole(sorted[Math.ceil(sorted.length / 2) - 1]),
      "max ms": whole(sorted.at(-1)),
    };
    return row;
  });
  return tableText(rows, "no faults");
}

const whole = (value: number | undefined): Cell => (value === undefined ? null : Math.round(value));
