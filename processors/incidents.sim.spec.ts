// Incidents of others as simulations: a loop that sends orders without end, Knight Capital's old code path of 2012,
// a feed that stops. Promises: what each can cost is bounded by the limits alone, however wrong the sender is.

import { describe, expect, test } from "vitest";
import { Random } from "../quant/random.ts";
import type { Order } from "../schemas/generated/orders.ts";
import { command, order } from "../streams/testing/facts.ts";
import { at, equity } from "../streams/testing/given.ts";
import { IncidentDesk } from "./incident-desk.ts";
import { allOff } from "./order-gate/testing/gate-facts.ts";

const ALL_SEEDS = Number(process.env.TAPEDECK_SIM_SEEDS ?? 2000);
const SEEDS = Math.ceil((ALL_SEEDS * 3) / 20);
/** Monday, 7 October 2013, 13:30 UTC. */
const START_US = 1_381_152_600_000_000;
const SECOND_US = 1_000_000;
/** 100,000 orders a second of event time. */
const GAP_US = 10;

/** Most that was let through in any stretch of the window's length. */
function busiest(times: readonly number[], windowUs: number): number {
  let most = 0;
  let first = 0;
  for (const [i, timeUs] of times.entries()) {
    while ((times[first] as number) <= timeUs - windowUs) first++;
    most = Math.max(most, i - first + 1);
  }
  return most;
}

const worthOf = ({ quantity, limitPrice, referencePrice }: Order): number =>
  quantity * Math.max(limitPrice ?? 0, referencePrice);

/** After it was switched off nothing but what closes. */
function expectClosing({ released }: IncidentDesk, place: string): void {
  for (const { order: one, held, latch } of released) {
    if (latch === "NONE") continue;
    expect(one.quantity, place).toBeLessThanOrEqual(Math.abs(held));
    expect(one.side, place).toBe(held > 0 ? "SELL" : "BUY");
  }
}

describe("a loop of 100,000 orders a second", () => {
  /** One order again and again; other terms each time; the same, where nothing but what is refused gives it away. */
  const kinds = ["same", "varied", "refused"] as const;

  const runaway = (seed: number, count: number) => {
    const random = new Random(seed);
    const kind = kinds[random.integer(3)] as (typeof kinds)[number];
    const rate = { most: 1 + random.integer(50), windowUs: (1 + random.integer(20)) * 10_000 };
    const most = 1 + random.integer(20);
    const repeats = kind === "refused" ? null : { most, windowUs: SECOND_US };
    const denials = { most: 1 + random.integer(200), windowUs: SECOND_US };
    const tripped = kind === "refused" ? { denials } : {};
    const maxOrderValueMinor = 10_000_00 + random.integer(90_000_00);
    const limits = { orderRate: rate, messageRate: rate, repeats, maxOrderValueMinor, ...tripped };
    const desk = new IncidentDesk({ ...allOff, ...limits }, 10);
    desk.list(START_US - 1, equity("A"));
    desk.print(START_US, "A", 100_00);
    const isSame = kind === "same";
    const same = { side: random.integer(2) === 0 ? "BUY" : "SELL" } as const;
    for (let i = 1; i <= count; i++) {
      const quantity = isSame ? 7 : 1 + random.integer(1_500);
      const side = isSame ? same : ({ side: random.integer(2) === 0 ? "BUY" : "SELL" } as const);
      const terms = { referencePrice: 100_00, quantity, ...side };
      desk.send(START_US + i * GAP_US, order(i, "A", 1, terms));
    }
    desk.settle(START_US + count * GAP_US);
    return { desk, rate, most, maxOrderValueMinor, kind };
  };

  const check = (found: ReturnType<typeof runaway>, count: number, place: string): void => {
    const { desk, rate, most, maxOrderValueMinor, kind } = found;
    const times = desk.released.map(({ timeUs }) => timeUs);
    expect(busiest(times, rate.windowUs), place).toBeLessThanOrEqual(rate.most);
    for (const { order: one, held } of desk.released) {
      if (worthOf(one) <= maxOrderValueMinor) continue;
      // A larger one closes what is held, and no more.
      expect(one.quantity, place).toBeLessThanOrEqual(Math.abs(held));
      expect(one.side, place).toBe(held > 0 ? "SELL" : "BUY");
    }
    expect(desk.released.length + desk.denied, place).toBe(count);
    // The switch trips, and nothing opens from then on.
    expect(desk.latch, place).toBe(kind === "refused" ? "DenialsExceeded" : "RepeatedExecution");
    expectClosing(desk, place);
    if (kind === "same") expect(desk.released.length, place).toBeLessThanOrEqual(most);
  };

  test(`passes no limit, and trips the switch, in ${ALL_SEEDS} seeds`, {
    timeout: 600_000,
  }, () => {
    let released = 0;
    for (let seed = 0; seed < ALL_SEEDS; seed++) {
      const found = runaway(seed, 400);
      check(found, 400, `seed ${seed}`);
      // Of one order that is too large, again and again, nothing is.
      if (found.desk.released.length > 0) released++;
    }
    expect(released).toBeGreaterThan(0.9 * ALL_SEEDS);
  });

  test.each([0, 1, 2, 3, 4, 5])(
    "passes no limit, and trips the switch, for a second: seed %i",
    {
      timeout: 300_000,
    },
    (seed) => {
      check(runaway(seed, 100_000), 100_000, `seed ${seed}`);
    },
  );

  test("is refused for as long as it goes on, and until a named person enables trading", () => {
    const seeds = Array.from({ length: 30 }, (_, seed) => seed);
    for (const seed of seeds) {
      const { desk } = runaway(seed, 5_000);
      const before = desk.released.length;
      const laterUs = START_US + 3_600 * SECOND_US;
      const more = Math.sign(desk.positionOf("A")) || 1;
      const one = (id: number) => order(id, "A", 3 * more, { referencePrice: 100_00 });
      expect(desk.send(laterUs, one(30_001))).toBe(false);
      const enable = (who: string) =>
        at(laterUs, "control.commands", command("EnableTrading", { who }));
      desk.command(enable(""));
      expect(desk.send(laterUs, one(30_002))).toBe(false);
      expect(desk.released.length).toBe(before);
      desk.command(enable("ann"));
      expect(desk.send(laterUs, one(30_003))).toBe(true);
    }
  });
});

describe("an old code path that sends children without end (Knight Capital, 2012)", () => {
  interface Case {
    readonly parents: number;
    readonly orders: number;
    readonly isGated: boolean;
  }

  /** Buys and sells in turn, as that did, each child at the market; approved is one purchase or sale each. */
  const knight = (seed: number, { parents, orders, isGated }: Case) => {
    const random = new Random(-1 - seed);
    const slippageBps = 5 + random.integer(45);
    const most = 50 + random.integer(1_000);
    const windowUs = SECOND_US / 10;
    const maxOrderValueMinor = 2_000_000;
    const repeats = { most: 3 + random.integer(10), windowUs: SECOND_US };
    const denials = { most: 20 + random.integer(200), windowUs: SECOND_US };
    const switches = random.integer(2) === 0 ? { repeats } : { denials };
    const rate = { orderRate: { most, windowUs }, maxOrderValueMinor, approvedOnly: true };
    const limits = { ...rate, ...switches };
    const desk = new IncidentDesk(isGated ? { ...allOff, ...limits } : allOff, slippageBps);
    const books = Array.from({ length: parents }, (_, i) => {
      const price = 5_00 + random.integer(95_00);
      const target = (random.integer(2) === 0 ? 1 : -1) * (100 + random.integer(2_000));
      return { symbol: `P${i}`, price, target };
    });
    for (const { symbol, price } of books) {
      desk.list(START_US - 1, equity(symbol));
      desk.print(START_US, symbol, price);
    }
    desk.approve(
      START_US,
      ...books.map(({ symbol, price, target }) => [symbol, target, price] as const),
    );
    for (let i = 1; i <= orders; i++) {
      const { symbol, price, target } = books[i % parents] as (typeof books)[number];
      const isTowards = random.integer(3) > 0;
      const side = isTowards === target > 0 ? "BUY" : "SELL";
      const quantity = 100 + random.integer(100);
      const one = order(i, symbol, 1, { side, quantity, referencePrice: price });
      desk.send(START_US + i * GAP_US * 10, one);
    }
    desk.settle(START_US + orders * GAP_US * 10);
    return { desk, books, slippageBps, most, windowUs, maxOrderValueMinor };
  };

  /**
   * What is opened of a parent is at most its target, and what is closed at most what was opened: so at most twice the
   * target trades, each share at the slippage, rounded up to a tick.
   */
  const worstLossMinor = ({ books, slippageBps }: ReturnType<typeof knight>): number =>
    books.reduce((sum, { price, target }) => {
      const perShare = Math.ceil((price * slippageBps) / 10_000);
      return sum + 2 * Math.abs(target) * perShare;
    }, 0);

  const lossOf = ({ desk }: ReturnType<typeof knight>): number =>
    Number(1_000_000_000_00n - desk.equity);

  const check = (found: ReturnType<typeof knight>, place: string): void => {
    const { desk, books, most, windowUs, maxOrderValueMinor } = found;
    const opened = new Map<string, number>();
    const position = new Map<string, number>();
    for (const { symbol, side, quantity } of desk.fills) {
      const before = position.get(symbol) ?? 0;
      const after = before + (side === "BUY" ? quantity : -quantity);
      position.set(symbol, after);
      const isThrough = before !== 0 && after !== 0 && before > 0 !== after > 0;
      const grown = isThrough ? Math.abs(after) : Math.max(0, Math.abs(after) - Math.abs(before));
      opened.set(symbol, (opened.get(symbol) ?? 0) + grown);
    }
    for (const { symbol, target } of books) {
      const held = position.get(symbol) ?? 0;
      expect(opened.get(symbol) ?? 0, `${place} ${symbol}`).toBeLessThanOrEqual(Math.abs(target));
      expect(held * Math.sign(target), `${place} ${symbol}`).toBeGreaterThanOrEqual(0);
      expect(Math.abs(held), `${place} ${symbol}`).toBeLessThanOrEqual(Math.abs(target));
    }
    const times = desk.released.map(({ timeUs }) => timeUs);
    expect(busiest(times, windowUs), place).toBeLessThanOrEqual(most);
    for (const { order: one } of desk.released) {
      expect(worthOf(one), place).toBeLessThanOrEqual(maxOrderValueMinor);
    }
    expect(lossOf(found), place).toBeLessThanOrEqual(worstLossMinor(found));
    // The switch trips, and nothing opens from then on.
    expect(["RepeatedExecution", "DenialsExceeded"], place).toContain(desk.latch);
    expectClosing(desk, place);
  };

  test(`trades no more of a parent than was approved, and loses no more than follows from it, in ${ALL_SEEDS} seeds`, {
    timeout: 600_000,
  }, () => {
    let traded = 0;
    for (let seed = 0; seed < ALL_SEEDS; seed++) {
      const parents = 1 + (seed % 20);
      const found = knight(seed, { parents, orders: 600, isGated: true });
      check(found, `seed ${seed}`);
      traded += found.desk.fills.length;
    }
    expect(traded).toBeGreaterThan(ALL_SEEDS);
  });

  test("of 212 parents and 200,000 children; without the gate the loss is beyond the bound", {
    timeout: 300_000,
  }, () => {
    const found = knight(2012, { parents: 212, orders: 200_000, isGated: true });
    check(found, "212 parents");
    const without = knight(2012, { parents: 212, orders: 200_000, isGated: false });
    expect(lossOf(without)).toBeGreaterThan(10 * worstLossMinor(without));
    const dollars = (minor: number) => (minor / 100).toFixed(0);
    console.log(
      `212 parents, 200,000 children: ${found.desk.released.length} let through, lost ` +
        `${dollars(lossOf(found))} of at most ${dollars(worstLossMinor(found))}; without the gate ` +
        `${without.desk.released.length} and ${dollars(lossOf(without))}`,
    );
  });
});

describe("a feed that stops", () => {
  test(`lets no new risk through once its last price is too old, in ${SEEDS} seeds`, () => {
    let refused = 0;
    let closed = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = new Random(-1_000_000 - seed);
      const maxPriceAgeUs = (1 + random.integer(5)) * SECOND_US;
      const desk = new IncidentDesk({ ...allOff, maxPriceAgeUs }, 0);
      desk.list(START_US - 1, equity("A"));
      let nowUs = START_US;
      let printedUs = nowUs;
      desk.print(nowUs, "A", 100_00);
      for (let id = 1; id <= 200; id++) {
        nowUs += random.integer(SECOND_US);
        // Silence comes and goes.
        if (Math.floor((nowUs - START_US) / (10 * SECOND_US)) % 2 === 0) {
          desk.print(nowUs, "A", 100_00 + random.integer(100));
          printedUs = nowUs;
        }
        // At the limit itself now and then.
        if (random.integer(4) === 0)
          nowUs = Math.max(nowUs, printedUs + maxPriceAgeUs + random.integer(3) - 1);
        const held = desk.positionOf("A");
        const signed = random.integer(3) === 0 && held > 0 ? -held : 10;
        const passes = desk.send(nowUs, order(id, "A", signed, { referencePrice: 100_00 }));
        const isFresh = nowUs - printedUs <= maxPriceAgeUs;
        desk.settle(nowUs);
        nowUs += 1_000;
        // What closes may do so at a price ten times as old.
        const isClosing = signed < 0 && nowUs - 1_000 - printedUs <= 10 * maxPriceAgeUs;
        expect(passes, `seed ${seed}, #${id}`).toBe(isFresh || isClosing);
        if (!passes) refused++;
        if (!isFresh && signed < 0) closed++;
      }
    }
    expect(Math.min(refused, closed)).toBeGreaterThan(SEEDS);
  });
});
