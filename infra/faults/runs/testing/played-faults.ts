// Faults as tests play them: the code of `npm run faults`, with the rounds that a run of all tests has
// time for. TAPEDECK_FAULT_ROUNDS is how often each fault is played; the rows of a fault share them.

import { expect, test } from "vitest";
import { describeCluster } from "../../../broker/testing.ts";
import { faultTable } from "../../fault-table.ts";
import { clusterOptions } from "../all-faults.ts";
import type { Fault } from "../fault.ts";
import { runFault } from "../run-fault.ts";

/** What a developer waits for; .ci/run plays 20. */
const ROUNDS = Number(process.env.TAPEDECK_FAULT_ROUNDS ?? "2");
const LONGEST_MS = 30 * 60_000;

/** `faults` share a cluster. */
export function testFaults(name: string, faults: readonly Fault[]): void {
  const [first] = faults;
  if (first === undefined) throw new Error("there are no faults to play");
  describeCluster(name, clusterOptions(first), (cluster) => {
    test.each(faults.map((fault) => [fault.about, fault] as const))(
      "%s: exactly once, as a replay and the market itself say",
      async (_, fault) => {
        const rounds = Math.ceil(ROUNDS / fault.rows);
        const report = await runFault(fault, { cluster: cluster(), rounds, seed: 1 });
        const told = [faultTable(report.results), ...report.told.map((line) => `${line}\n`)];
        process.stdout.write(told.join(""));
        expect(report.examples).toEqual([]);
        expect(report.results.filter(({ anomalies }) => anomalies.size > 0)).toEqual([]);
        const played = report.results.reduce((sum, row) => sum + row.rounds, 0);
        expect(played).toBeGreaterThanOrEqual(ROUNDS);
        // What was judged is worth judging.
        for (const { seen, records } of report.verdicts) {
          expect(seen.notReadToTheEnd).toEqual([]);
          expect(seen.transactions.committed).toBeGreaterThan(50);
          expect(records).toBeGreaterThan(50);
        }
      },
      LONGEST_MS,
    );
  });
}
