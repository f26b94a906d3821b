// Mistakes planted in the services: fault runs that do not find them would prove nothing.

import { expect, test } from "vitest";
import { describeCluster } from "../../broker/testing.ts";
import { allFaults, clusterOptions } from "./all-faults.ts";
import type { DefectName } from "./defects.ts";
import type { Fault } from "./fault.ts";
import { runFault } from "./run-fault.ts";

const faultOf = (name: string): Fault => allFaults.find((fault) => fault.name === name) as Fault;

interface Canary {
  readonly defect: DefectName;
  readonly fault: string;
  readonly only: string;
  /** One of these says what it is. */
  readonly kinds: readonly string[];
  /** Or the product itself, which may come upon it first. */
  readonly refusal?: RegExp;
}

const canaries: readonly Canary[] = [
  {
    defect: "split-transaction",
    fault: "kill-points",
    only: "answered-EndTxn",
    kinds: ["torn-transaction"],
    // The next owner finds outputs that no committed state accounts for.
    refusal: /LIVE_TOPICS_TAKEN/,
  },
  {
    defect: "no-fence",
    fault: "zombie",
    only: "committing",
    kinds: ["consumed-twice", "place-taken-twice"],
    // The old owner wrote on between the new one's look at its state and at its topics.
    refusal: /LIVE_TOPICS_TAKEN/,
  },
  {
    defect: "blind-retry",
    fault: "requests",
    only: "EndTxn cut after",
    kinds: ["duplicate", "place-taken-twice"],
  },
  {
    defect: "early-acknowledgement",
    fault: "requests",
    only: "EndTxn cut before",
    kinds: ["place-left-free", "lost-write", "unseen"],
  },
];

describeCluster("fault runs", clusterOptions(faultOf("kill-points")), (cluster) => {
  test.each(canaries.map((canary) => [canary.defect, canary] as const))(
    "find %s",
    async (_, { defect, fault, only, kinds, refusal }) => {
      const options = { cluster: cluster(), rounds: 2, seed: 1, defect, only };
      const { verdicts, examples } = await runFault(faultOf(fault), options);
      const found = verdicts.flatMap(({ anomalies }) => [...anomalies.keys()]);
      if (refusal?.test(examples.join())) return;
      const isWhatItIs = found.some((kind) => kinds.includes(kind));
      expect(isWhatItIs, [...found, ...examples].join("\n")).toBe(true);
    },
    5 * 60_000,
  );
});
