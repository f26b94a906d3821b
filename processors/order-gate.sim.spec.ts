// The order gate in the whole flow, on random markets, settings, commands and corporate actions: what is sound passes
// it as if it were not there, and it keeps what every processor keeps under faults.

import { describe, expect, test } from "vitest";
import type { TopicName } from "../schemas/generated/facts.ts";
import { runClosed } from "../streams/closed-run.ts";
import type { AnyEvent } from "../streams/event.ts";
import { createMemoryLog } from "../streams/memory-log.ts";
import { mergeTopics } from "../streams/merge.ts";
import { publishAll } from "../streams/simulator/published.ts";
import type { SourceFact } from "../streams/simulator/scenario.ts";
import { simulate } from "../streams/simulator/simulate.ts";
import { command } from "../streams/testing/facts.ts";
import type { BreakersConfig } from "./breakers-config.ts";
import { allOff } from "./order-gate/testing/gate-facts.ts";
import type { OrderRiskConfig } from "./risk-config.ts";
import { flowScenario, type ScenarioOptions } from "./simulation.ts";

const SEEDS = Math.ceil((Number(process.env.TAPEDECK_SIM_SEEDS ?? 2000) * 3) / 20);

const tight: OrderRiskConfig = {
  priceCollarBps: 200,
  maxOrderValueMinor: 200_000_00,
  maxOrderQuantity: "2000",
  volumeShare: { mostBps: 5_000, bars: 3 },
  orderRate: { most: 3, windowUs: 60_000_000 },
  messageRate: { most: 5, windowUs: 60_000_000 },
  repeats: { most: 2, windowUs: 600_000_000 },
  maxPriceAgeUs: 120_000_000,
  session: { openUs: 0, closeUs: 50_000_000_000 },
  approvedOnly: true,
  shortable: { ACME: "100", BOLT: "2000", CRUX: "2000" },
  buyingPower: true,
  denials: { most: 20, windowUs: 600_000_000 },
  duplicateUs: 60_000_000,
  requirement: { spotPerMillion: 500_000, contractPerMillion: 100_000 },
  reducing: { maxOrderQuantity: "3000", session: true },
  bySymbol: { BOLT: { maxOrderQuantity: "900" } },
};

const breakers: BreakersConfig = {
  response: "REDUCE_ONLY",
  modelDecay: { leastBps: 5_000, outcomes: 6 },
  dataQuality: null,
  maxAgeUs: null,
};

async function eventsOf(seed: number, options: ScenarioOptions, topics: readonly TopicName[]) {
  const scenario = flowScenario(seed, options);
  const tape = createMemoryLog();
  await publishAll(tape, scenario);
  const target = createMemoryLog();
  const { topology, partitions } = scenario;
  await runClosed({ topology, partitions, sourceOf: () => tape, target });
  const found: AnyEvent[] = [];
  for await (const chunk of mergeTopics(target, topics)) found.push(...chunk);
  const names = scenario.facts.map(({ topic, value }) =>
    topic === "control.commands" ? (value as { command: string }).command : "",
  );
  return { found, isCommanded: names.some((name) => name !== "" && name !== "SetLimit") };
}

/** Ids of the orders that were to be cancelled. */
const recalledOf = (events: readonly AnyEvent[]): ReadonlySet<number> =>
  new Set(
    events.flatMap((event) => {
      if (event.topic !== "risk.order-verdicts") return [];
      const { action, orderId } = event.value.order;
      return action === "CANCEL" ? [orderId] : [];
    }),
  );

const said = (events: readonly AnyEvent[]): readonly string[] =>
  events.map(({ timeUs, value }) =>
    JSON.stringify([timeUs, value], (_, one) => (typeof one === "bigint" ? `${one}n` : one)),
  );

describe("the order gate in the flow", () => {
  test(`with every check off changes no execution, in ${SEEDS} seeds`, {
    timeout: 600_000,
  }, async () => {
    let compared = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      for (const what of [{}, { actions: true }, { costs: true }]) {
        const without = await eventsOf(seed, what, ["fills"]);
        // Its own cancels come before the router's: what is commanded may well end otherwise.
        if (without.isCommanded) continue;
        const gated = await eventsOf(seed, { ...what, orderRisk: allOff }, ["fills"]);
        expect(said(gated.found), `seed ${seed}`).toEqual(said(without.found));
        compared += without.found.length;
      }
    }
    expect(compared).toBeGreaterThan(SEEDS);
  });

  test(`never holds back what the verdict in force approved, and no fill is unexplained, in ${SEEDS} seeds`, {
    timeout: 600_000,
  }, async () => {
    let orders = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      for (const what of [{}, { actions: true }, { costs: true }]) {
        const orderRisk = { ...allOff, approvedOnly: true };
        const topics = ["risk.verdicts", "risk.order-verdicts"] as const;
        const { found } = await eventsOf(seed, { ...what, orderRisk }, topics);
        const recalled = recalledOf(found);
        const aimedUs = new Map<string, number>();
        const aimedTwice = new Set<string>();
        for (const event of found) {
          if (event.topic === "risk.verdicts") {
            for (const { symbol } of event.value.targets) {
              if (aimedUs.get(symbol) === event.timeUs) aimedTwice.add(`${symbol} ${event.timeUs}`);
              aimedUs.set(symbol, event.timeUs);
            }
          }
          if (event.topic !== "risk.order-verdicts") continue;
          const { reason, latch, checks, order } = event.value;
          const place = `seed ${seed} ${JSON.stringify(what)}, #${order.orderId}`;
          expect(latch, place).toBe("NONE");
          if (reason === "NotApproved") {
            // It was under way when another verdict came, and leads past that: the router takes it back too.
            const used = checks.flatMap((check) => check.used.map(({ timeUs }) => timeUs));
            const isOld = Math.max(...used) > order.decidedUs;
            // Two verdicts of one instant: what closed by the first went past the second, and may not come back.
            const isSecond = used.some((timeUs) => aimedTwice.has(`${order.symbol} ${timeUs}`));
            // A change of symbol or a delisting ended the approval while the order was under way.
            const aims = checks.filter(({ check }) => check === "APPROVED_TARGET");
            const isEnded = "actions" in what && aims.every((aim) => aim.used.length === 0);
            expect(isOld || isSecond || isEnded || recalled.has(order.orderId), place).toBe(true);
          }
          orders++;
        }
      }
    }
    expect(orders).toBeGreaterThan(SEEDS);
  });

  test(`equals its closed run under faults, byte for byte, in ${SEEDS} seeds`, {
    timeout: 3_600_000,
  }, async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const watched = seed % 4 === 1 ? { breakers } : {};
      const options = { actions: seed % 3 === 0, costs: seed % 2 === 0, ...watched };
      const scenario = flowScenario(seed, { ...options, orderRisk: tight });
      const { finding } = await simulate({ seed, scenario });
      expect(finding, `seed ${seed}`).toBeNull();
    }
  });

  test(`closes what is held and nothing else after FlattenPositions, in ${SEEDS} seeds`, {
    timeout: 600_000,
  }, async () => {
    let closings = 0;
    let flat = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      let atUs = 0;
      const commands = (market: readonly SourceFact[]): readonly SourceFact[] => {
        atUs = market[Math.floor(market.length / 2)]?.timeUs ?? 0;
        const value = command("FlattenPositions");
        return [{ topic: "control.commands", timeUs: atUs, arrivalUs: atUs, value }];
      };
      const topics = ["risk.order-verdicts", "fills", "portfolio.snapshots"] as const;
      const { found } = await eventsOf(seed, { commands, orderRisk: allOff }, topics);
      const closing = new Set<number>();
      const positions = new Map<string, number>();
      for (const event of found) {
        const place = `seed ${seed}, ${event.topic} ${event.offset}`;
        if (event.topic === "risk.order-verdicts") {
          const { outcome, order, state } = event.value;
          if (state !== "FLATTENED" || outcome === "DENY" || order.action === "CANCEL") continue;
          // What was under way and only makes a position smaller passes, too; the router takes it back.
          if (order.decidedUs > atUs) {
            expect([order.type, order.reduceOnly], place).toEqual(["MARKET", true]);
          }
          closing.add(order.orderId);
        } else if (event.topic === "fills" && event.value.execType === "FILLED") {
          // Where the command comes at a price's own instant, that price still trades.
          if (event.value.tradeUs <= atUs) continue;
          expect(closing.has(event.value.orderId), place).toBe(true);
          closings++;
        } else if (event.topic === "portfolio.snapshots") {
          positions.set(event.value.symbol, event.value.quantity);
        }
      }
      if (closing.size > 0 && [...positions.values()].every((quantity) => quantity === 0)) flat++;
    }
    expect(Math.min(closings, flat)).toBeGreaterThan(SEEDS / 20);
  });

  /** One command in the middle of the market. */
  const midway = (value: ReturnType<typeof command>) => {
    const seen = { atUs: 0 };
    const commands = (market: readonly SourceFact[]): readonly SourceFact[] => {
      seen.atUs = market[Math.floor(market.length / 2)]?.timeUs ?? 0;
      const { atUs } = seen;
      return [{ topic: "control.commands", timeUs: atUs, arrivalUs: atUs, value }];
    };
    return { seen, commands };
  };
  const twap = {
    schedule: { method: "TWAP", overUs: 600_000_000, slices: 5 },
    maxChildren: 10,
    leftover: "SWEEP",
  } as const;

  test.each(["HaltTrading", "ReduceOnly"] as const)(
    `no position grows after %s, whatever worked, in ${SEEDS} seeds`,
    { timeout: 600_000 },
    async (name) => {
      let after = 0;
      let recalled = 0;
      for (let seed = 0; seed < SEEDS; seed++) {
        const { seen, commands } = midway(command(name));
        const algorithm = seed % 2 === 0 ? {} : { algorithm: twap };
        const options = { commands, orderRisk: allOff, ...algorithm };
        const { found } = await eventsOf(seed, options, ["risk.order-verdicts", "fills"]);
        const held = new Map<string, number>();
        for (const event of found) {
          if (event.topic === "risk.order-verdicts") {
            if (event.value.reason === "KillSwitch") recalled++;
            continue;
          }
          if (event.topic !== "fills" || event.value.execType !== "FILLED") continue;
          const { symbol, side, quantity, tradeUs } = event.value;
          const before = held.get(symbol) ?? 0;
          const signed = side === "BUY" ? quantity : -quantity;
          held.set(symbol, before + signed);
          // Where the command comes at a price's own instant, that price still trades.
          if (tradeUs <= seen.atUs) continue;
          after++;
          const place = `seed ${seed}, ${symbol}: ${before} ${signed}`;
          expect(before * signed < 0 && Math.abs(signed) <= Math.abs(before), place).toBe(true);
        }
      }
      expect(recalled).toBeGreaterThan(SEEDS / 20);
      if (name === "ReduceOnly") expect(after).toBeGreaterThan(SEEDS / 20);
    },
  );

  test(`nothing of a restricted symbol trades, not its exits and not a flattening, in ${SEEDS} seeds`, {
    timeout: 600_000,
  }, async () => {
    let refused = 0;
    let recalled = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const restrict = command("SetOverlay", { overlay: "RESTRICTED", symbol: "ACME" });
      const { seen, commands: set } = midway(restrict);
      const commands = (market: readonly SourceFact[]): readonly SourceFact[] => {
        const first = set(market);
        const laterUs = market[Math.floor((market.length * 3) / 4)]?.timeUs ?? seen.atUs;
        const flatten = command("FlattenPositions");
        const times = { timeUs: laterUs, arrivalUs: laterUs };
        return [...first, { topic: "control.commands", ...times, value: flatten }];
      };
      const algorithm = seed % 2 === 0 ? {} : { algorithm: twap };
      const options = { commands, orderRisk: allOff, ...algorithm };
      const { found } = await eventsOf(seed, options, ["risk.order-verdicts", "fills"]);
      for (const event of found) {
        if (event.topic === "fills") {
          const { symbol, execType, tradeUs } = event.value;
          if (symbol !== "ACME" || execType !== "FILLED") continue;
          expect(tradeUs, `seed ${seed}, ${event.offset}`).toBeLessThanOrEqual(seen.atUs);
        } else if (event.topic === "risk.order-verdicts" && event.timeUs > seen.atUs) {
          const { outcome, order, symbol, reason } = event.value;
          if (symbol !== "ACME") continue;
          const passes = outcome === "PASS" && order.action !== "CANCEL";
          expect(passes, `seed ${seed}, #${order.orderId}`).toBe(false);
          if (reason === "Restricted" && outcome === "DENY") refused++;
        }
        if (event.topic !== "risk.order-verdicts") continue;
        const { reason, order } = event.value;
        if (reason === "Restricted" && order.action === "CANCEL") recalled++;
      }
    }
    expect(Math.min(refused, recalled)).toBeGreaterThan(SEEDS / 20);
  });
});
