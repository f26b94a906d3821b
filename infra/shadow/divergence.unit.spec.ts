// What the comparison of a shadow with live says of differences that were put there on purpose.

import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { TopicName } from "../../schemas/generated/facts.ts";
import type { EmitOf, Position } from "../../streams/event.ts";
import { emit } from "../../streams/event.ts";
import type { EventLog } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { OutputPartition } from "../../streams/output.ts";
import { START_US } from "../../streams/testing/tape.ts";
import { type AnyProcessor, buildTopology } from "../../streams/topology.ts";
import { Comparison, type ComparisonStep } from "./comparison.ts";
import { WINDOW_US } from "./divergence.ts";
import { ExposureGap } from "./exposure-gap.ts";

const SECOND_US = 1_000_000;
const TOPICS = ["signals", "regimes"] as const;

/** Regimes follow from signals, those from bars: only the shape matters here. */
const writer = (name: string, input: TopicName, output: (typeof TOPICS)[number]): AnyProcessor => ({
  name,
  version: 1,
  scope: "symbol",
  inputs: [input],
  outputs: { [output]: 0 },
  onFailure: "stop",
  initial: () => null,
  evolve: (state) => state,
  decide: () => [],
});

const topology = buildTopology({
  sources: ["market.bars"],
  processors: [writer("a", "market.bars", "signals"), writer("b", "signals", "regimes")],
});

/** A signal of the n-th bar, which is at n seconds. */
const signal = (n: number, strength = 0.5): Told => ({
  cause: { topic: "market.bars", partition: 0, offset: n },
  timeUs: START_US + n * SECOND_US,
  fact: emit("signals", { symbol: "A", model: "m", strength, price: 1, volatility: 0 }),
});

/** A regime of the signal at an offset of its own side, which is of the n-th bar. */
const regime = (n: number, offset: number, probability = 0.5): Told => ({
  cause: { topic: "signals", partition: 0, offset },
  timeUs: START_US + n * SECOND_US,
  fact: emit("regimes", { symbol: "A", model: "m", regime: "r", probability }),
});

interface Told {
  readonly cause: Position;
  readonly timeUs: number;
  readonly fact: EmitOf<(typeof TOPICS)[number]>;
}

class Side {
  readonly log: EventLog = createMemoryLog();
  readonly ends = new Map<string, number>();
  private readonly outputs = new Map<string, OutputPartition>();

  async open(partitions = 1): Promise<void> {
    for (const topic of TOPICS) {
      await this.log.createTopic(topic, partitions);
      this.outputs.set(topic, new OutputPartition<TopicName>(topic, 0, 0, 0));
    }
  }

  async tell(...told: readonly Told[]): Promise<void> {
    for (const { cause, timeUs, fact } of told) {
      const output = this.outputs.get(fact.topic) as OutputPartition<TopicName>;
      output.write(timeUs, 0, cause, 0, fact.value);
    }
    for (const [topic, output] of this.outputs) {
      const batch = output.take();
      if (batch !== null) await this.log.commit({ produced: [batch], checkpoints: [] });
      this.ends.set(`${topic}/0`, output.nextOffset);
    }
  }
}

let live: Side;
let shadow: Side;
let comparison: Comparison;

beforeEach(async () => {
  live = new Side();
  shadow = new Side();
  await Promise.all([live.open(), shadow.open()]);
  comparison = new Comparison({
    topology,
    live: live.log,
    shadow: shadow.log,
    exposure: new ExposureGap(0n, 0n),
    portfolios: { live: "main", shadow: "main" },
    partitionsOf: () => 1,
  });
});

const compare = (untilUs = Number.POSITIVE_INFINITY): Promise<void> =>
  comparison.step({ untilUs, live: live.ends, shadow: shadow.ends } satisfies ComparisonStep);

const counts = (topic: TopicName) => {
  const { agreed, differing, missing, extra } = comparison.divergence.tallies.get(topic) ?? {};
  return [agreed, differing, missing, extra];
};

describe("a shadow's decisions beside live's", () => {
  test("agree where they are the same, byte by byte", async () => {
    for (const side of [live, shadow]) await side.tell(signal(1), signal(2), regime(1, 0));
    await compare();
    expect(counts("signals")).toEqual([2, 0, 0, 0]);
    expect(counts("regimes")).toEqual([1, 0, 0, 0]);
    expect(comparison.divergence.first).toBeNull();
  });

  test("are looked at only as far as both sides are complete", async () => {
    await live.tell(signal(1), signal(2), signal(3));
    await shadow.tell(signal(1), signal(2));
    await compare(START_US + 3 * SECOND_US);
    expect(counts("signals")).toEqual([2, 0, 0, 0]);
    await shadow.tell(signal(3));
    await compare();
    expect(counts("signals")).toEqual([3, 0, 0, 0]);
    // Byte by byte still: what lies at an offset would else be looked for by its cause.
    expect(comparison.divergence.undecided).toBe(0);
    expect(comparison.divergence.partedFrom("signals", 0)).toBeNull();
  });

  test("differ by the field that was changed, with both events", async () => {
    await live.tell(signal(1), signal(2), signal(3));
    await shadow.tell(signal(1), signal(2, 0.25), signal(3));
    await compare();
    expect(counts("signals")).toEqual([2, 1, 0, 0]);
    const { first, tallies } = comparison.divergence;
    expect(first).toMatchObject({ topic: "signals", kind: "differing" });
    expect(first?.fields).toEqual([{ field: "strength", live: 0.5, shadow: 0.25 }]);
    expect([first?.live?.offset, first?.shadow?.offset]).toEqual([1, 1]);
    expect([...(tallies.get("signals")?.fields ?? [])]).toEqual([["strength", 1]]);
  });

  test("are missing or extra where one side alone decided; what comes after is compared by cause", async () => {
    await live.tell(signal(1), signal(2), signal(4), signal(5));
    await shadow.tell(signal(1), signal(3), signal(4), signal(5));
    await compare();
    expect(counts("signals")).toEqual([3, 0, 1, 1]);
    expect(comparison.divergence.first).toMatchObject({ kind: "missing", shadow: null });
    expect(comparison.divergence.first?.live?.offset).toBe(1);
  });

  test("follow their causes to where those lie on the other side", async () => {
    // The shadow lacks the first signal, so that all others lie one offset earlier.
    await live.tell(signal(1), signal(2), signal(3), regime(1, 0), regime(2, 1), regime(3, 2, 0.1));
    await shadow.tell(signal(2), signal(3), regime(2, 0), regime(3, 1, 0.9));
    await compare();
    expect(counts("signals")).toEqual([2, 0, 1, 0]);
    expect(counts("regimes")).toEqual([1, 1, 1, 0]);
    const { first } = comparison.divergence.tallies.get("regimes") ?? {};
    expect(first).toMatchObject({ kind: "missing", timeUs: START_US + SECOND_US });
  });

  test("are extra where they follow from what live never decided", async () => {
    await live.tell(signal(1), regime(1, 0));
    await shadow.tell(signal(1), signal(2), regime(1, 0), regime(2, 1));
    await compare();
    expect(counts("signals")).toEqual([1, 0, 0, 1]);
    expect(counts("regimes")).toEqual([1, 0, 0, 1]);
  });

  test("that change places with each other agree: where they lie is not what was decided", async () => {
    const [one, other] = [signal(2), { ...signal(3), timeUs: signal(2).timeUs }];
    await live.tell(signal(1), one, other, signal(4));
    await shadow.tell(signal(1), other, one, signal(4));
    await compare();
    expect(counts("signals")).toEqual([4, 0, 0, 0]);
  });

  test("wait for a counterpart of another time, no longer than the window", async () => {
    const later = { ...signal(2), timeUs: signal(2).timeUs + 10 * SECOND_US };
    await live.tell(signal(1), signal(2), signal(40));
    await shadow.tell(signal(1), later, signal(40));
    await compare(START_US + 5 * SECOND_US);
    expect(counts("signals")).toEqual([1, 0, 0, 0]);
    expect(comparison.divergence.undecided).toBe(1);
    await compare(START_US + 39 * SECOND_US);
    expect(counts("signals")).toEqual([1, 1, 0, 0]);
    expect(comparison.divergence.first?.fields.map(({ field }) => field)).toEqual(["timeUs"]);

    await live.tell(signal(50), signal(51));
    await shadow.tell(signal(51));
    await compare(START_US + 52 * SECOND_US + WINDOW_US / 2);
    expect(counts("signals")).toEqual([3, 1, 0, 0]);
    await compare(START_US + 70 * SECOND_US + WINDOW_US);
    expect(counts("signals")).toEqual([3, 1, 1, 0]);
  });

  test("the earliest difference is the first one told, of one instant the cause's", async () => {
    await live.tell(signal(5), regime(5, 0));
    await shadow.tell(signal(5, 0.1), regime(5, 0, 0.1));
    await compare();
    expect(comparison.divergence.first?.topic).toBe("signals");
  });
});

interface Planted {
  readonly fate: "same" | "changed" | "missing" | "extra";
  readonly follows: boolean;
}

describe("whatever differs", () => {
  const plants = fc.array(
    fc.record({
      fate: fc.constantFrom<Planted["fate"][]>("same", "changed", "missing", "extra"),
      follows: fc.boolean(),
    }),
    { maxLength: 40 },
  );

  test("is counted once, as what it is, whatever the steps", async () => {
    await fc.assert(
      fc.asyncProperty(plants, fc.array(fc.nat(45)), async (planted, cuts) => {
        live = new Side();
        shadow = new Side();
        await Promise.all([live.open(), shadow.open()]);
        const expected = { signals: [0, 0, 0, 0], regimes: [0, 0, 0, 0] };
        const told: Record<"live" | "shadow", Told[]> = { live: [], shadow: [] };
        const next = { live: 0, shadow: 0 };
        for (const [n, { fate, follows }] of planted.entries()) {
          const kind = ["same", "changed", "missing", "extra"].indexOf(fate);
          for (const side of ["live", "shadow"] as const) {
            if (fate === (side === "live" ? "extra" : "missing")) continue;
            const isOther = fate === "changed" && side === "shadow";
            const offset = next[side]++;
            told[side].push(signal(n, isOther ? 0.25 : 0.5));
            if (follows) told[side].push(regime(n, offset, isOther ? 0.25 : 0.5));
          }
          expected.signals[kind] = (expected.signals[kind] as number) + 1;
          if (follows) expected.regimes[kind] = (expected.regimes[kind] as number) + 1;
        }
        await live.tell(...told.live);
        await shadow.tell(...told.shadow);
        comparison = new Comparison({
          topology,
          live: live.log,
          shadow: shadow.log,
          exposure: new ExposureGap(0n, 0n),
          portfolios: { live: "main", shadow: "main" },
          partitionsOf: () => 1,
        });
        for (const n of cuts.toSorted((a, b) => a - b)) await compare(START_US + n * SECOND_US);
        await compare();
        expect(counts("signals")).toEqual(expected.signals);
        expect(counts("regimes")).toEqual(expected.regimes);
        expect(comparison.divergence.undecided).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
