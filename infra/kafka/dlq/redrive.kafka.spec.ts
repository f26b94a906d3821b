// Sending dead letters again on a real broker: which go, in which order, once, whatever happens beside or
// to it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import { deadLetterOf } from "../../../streams/dead-letter.ts";
import { eventAt } from "../../../streams/event-at.ts";
import { describeKafka } from "../../broker/testing.ts";
import { readLetters } from "../../dlq/letters.ts";
import { FaultProcesses } from "../../faults/processes.ts";
import { KafkaLog } from "../log/kafka-log.ts";
import { fixedSchemaIds } from "../service/testing/fixed-schema-ids.ts";
import type { Decision } from "./decide.ts";
import { Ledger, operatorOf } from "./ledger.ts";
import {
  type LetterBox,
  laterIds,
  letterAbout,
  openLetterBox,
  START_US,
  symbolPartition,
  tickMessage,
  tombstone,
  unknownSchema,
} from "./testing/letter-box.ts";

const PROCESS = join(import.meta.dirname, "testing/redrive-process.ts");

const told = (decisions: readonly Decision[]): readonly string[] =>
  decisions.map((one) => {
    const { action, letter } = one;
    if (one.action === "fail") return `${letter.id} ${action} ${one.code}`;
    if (one.action === "hold") return `${letter.id} ${action} ${one.by}`;
    return `${letter.id} ${action}`;
  });

describeKafka("a redrive", ({ brokers }) => {
  let box: LetterBox;
  beforeEach(async () => {
    box = await openLetterBox(brokers);
  });
  afterEach(() => box.close());

  const states = async (): Promise<readonly string[]> => {
    const ledger = await Ledger.look(box.connection, box.app, box.prefix);
    const found: string[] = [];
    for await (const letter of readLetters(box.live)) {
      const state = ledger.stateOf(letter);
      found.push(state === null ? "open" : Object.values(state).join(" "));
    }
    return found;
  };

  test("sends what became readable under its own time and trace, and is done with it", async () => {
    await box.tick("S0", 1, START_US + 5);
    await box.post([unknownSchema("S0", 2, 40), unknownSchema("S1", 3, 41)]);
    const stale = await box.redrive({ schemaIds: fixedSchemaIds });
    expect(told(stale.decisions)).toEqual([
      "0/0 fail WIRE_SCHEMA_FOREIGN",
      "0/1 fail WIRE_SCHEMA_FOREIGN",
    ]);
    const { decisions, sent } = await box.redrive({});
    expect(told(decisions)).toEqual(["0/0 send", "0/1 send"]);
    const [partition, other] = [symbolPartition("S0"), symbolPartition("S1")];
    expect(Object.fromEntries(sent)).toEqual({
      "0/0": `market.ticks/${partition}/1`,
      "0/1": `market.ticks/${other}/${other === partition ? 2 : 0}`,
    });
    const place = { topic: "market.ticks", partition, offset: 1 } as const;
    const event = await eventAt(box.live, place);
    expect(event).toMatchObject({ timeUs: START_US, value: { symbol: "S0", price: 2 } });
    expect(await box.redrive({})).toMatchObject({ decisions: [] });
    expect(await states()).toEqual(["0/0", "0/1"].map((id) => `redriven ${sent.get(id)}`));
  });

  test("holds a key back behind its first letter that fails, and no other key", async () => {
    await box.post([
      unknownSchema("S0", 1, 1),
      tombstone("S0", 2),
      unknownSchema("S1", 2, 3),
      unknownSchema("S0", 3, 4),
      unknownSchema("S0", 4, 5),
    ]);
    const { decisions } = await box.redrive({});
    const expected = ["0/0 send", "0/1 fail WIRE_TOMBSTONE", "0/2 send"];
    expect(told(decisions)).toEqual([...expected, "0/3 hold 0/1", "0/4 hold 0/1"]);
    expect((await states()).slice(3)).toEqual(["held 0/1", "held 0/1"]);
    expect((await box.ticks()).toSorted()).toEqual(["S0 1", "S1 2"]);
    // A later one alone is not to go before it either.
    const one = await box.redrive({ selects: ({ id }) => id === "0/4" });
    expect(told(one.decisions)).toEqual(["0/4 hold 0/1"]);
    const dropped = await box.redrive({ selects: ({ id }) => id === "0/1", fix: () => null });
    expect(told(dropped.decisions)).toEqual(["0/1 drop"]);
    const rest = await box.redrive({});
    expect(told(rest.decisions)).toEqual(["0/3 send", "0/4 send"]);
    expect((await box.ticks()).filter((tick) => tick.startsWith("S0"))).toEqual([
      "S0 1",
      "S0 3",
      "S0 4",
    ]);
  });

  test("takes a drop back where it is told to, once, and never unasked", async () => {
    await box.post([unknownSchema("S0", 1, 1), tombstone("S0", 2), unknownSchema("S0", 3, 3)]);
    await box.redrive({ fix: () => null });
    expect(await box.redrive({})).toMatchObject({ decisions: [] });
    const takesBack = ({ id }: { readonly id: string }) => id !== "0/2";
    const plan = await box.redrive({ takesBack, dryRun: true });
    expect(told(plan.decisions)).toEqual(["0/0 send", "0/1 fail WIRE_TOMBSTONE"]);
    const { decisions } = await box.redrive({ takesBack });
    expect(told(decisions)).toEqual(["0/0 send", "0/1 fail WIRE_TOMBSTONE"]);
    const place = `redriven market.ticks/${symbolPartition("S0")}/0`;
    const dropped = "dropped the fix gave null";
    expect(await states()).toEqual([place, dropped, dropped]);
    const again = await box.redrive({ takesBack: () => true, fix: () => null });
    expect(told(again.decisions)).toEqual(["0/1 drop", "0/2 drop"]);
    expect(await box.ticks()).toEqual(["S0 1"]);
  });

  test("drops a copy of an event that is there, and sends one that lost its place", async () => {
    await box.tick("S0", 7);
    await box.tick("S0", 8);
    const partition = symbolPartition("S0");
    await box.post([
      letterAbout(tickMessage("S0", 8, 1), partition, 90, 2),
      letterAbout(tickMessage("S0", 9, 1), partition, 91, 2),
    ]);
    const { decisions } = await box.redrive({});
    expect(told(decisions)).toEqual(["0/0 drop", "0/1 send"]);
    expect((await box.ticks()).filter((tick) => tick.startsWith("S0"))).toEqual([
      "S0 7",
      "S0 8",
      "S0 9",
    ]);
  });

  test("refuses what would harm a topic: a task's own topic, a time to come, what is no value", async () => {
    const partition = symbolPartition("S0");
    const about = unknownSchema("S0", 1, 1);
    await box.post([about, { letter: { ...about.letter, origin: "orders", position: 2 } }]);
    const value = { symbol: "S0", price: 1, quantity: 1, venue: "", suspicious: false };
    const attempts = [
      { value, timeUs: Date.UTC(2150, 0, 1) * 1000 },
      { value, timeUs: 1.5 },
      { value: { ...value, price: 2 ** 60 } },
      { value: { symbol: "S0" } },
    ];
    const codes: unknown[] = [];
    for (const fixed of attempts) {
      const fix = () => fixed as never;
      const { decisions } = await box.redrive({ fix, selects: ({ id }) => id === "0/0" });
      codes.push(decisions.map((one) => (one.action === "fail" ? one.code : one.action))[0]);
    }
    const invalid = "DLQ_FIX_INVALID";
    expect(codes).toEqual(["VALUE_TIME_INVALID", invalid, invalid, invalid]);
    const throws = await box.redrive({
      fix: () => {
        throw new TypeError("nothing there");
      },
      selects: ({ id }) => id === "0/0",
    });
    expect(throws.decisions).toMatchObject([{ action: "fail", code: invalid }]);
    const order = { ...value, side: "BUY" };
    const { decisions } = await box.redrive({
      selects: ({ id }) => id === "0/1",
      fix: () => ({ value: order as never }),
    });
    expect(decisions.map(({ action }) => action)).toEqual(["fail"]);
    expect(await box.ticks()).toEqual([]);
    expect(partition).toBeLessThan(2);
  });

  test("sends an event that a processor refused, to its own topic", async () => {
    await box.tick("S0", 5, START_US + 9);
    const cause = { topic: "market.ticks", partition: symbolPartition("S0"), offset: 0 } as const;
    const event = await eventAt(box.live, cause);
    const letter = deadLetterOf(event, new TapedeckError("PROCESSOR_FAILED", "no instrument"));
    await box.post([{ letter, cause, timeUs: START_US + 9 }]);
    const { decisions } = await box.redrive({});
    expect(told(decisions)).toEqual(["0/0 send"]);
    expect(await box.ticks()).toEqual(["S0 5", "S0 5"]);
  });

  test("and a feed both get through: no offset twice, none left out", async () => {
    const letters = Array.from({ length: 60 }, (_, i) => unknownSchema(`S${i % 7}`, i, i));
    await box.post(letters);
    let feeding = true;
    let fed = 0;
    const feed = (async () => {
      for (; feeding; fed++) await box.tick(`S${fed % 5}`, 10_000 + fed);
    })();
    const { sent, conflicts } = await box.redrive({ together: 3 });
    feeding = false;
    await feed;
    expect(sent.size).toBe(60);
    const ticks = await box.ticks();
    expect(ticks.length).toBe(60 + fed);
    expect(new Set(ticks).size).toBe(ticks.length);
    console.log(`60 letters beside ${fed} ticks of a feed: ${conflicts} conflicts of the redrive`);
  });

  test("that is taken over by another ends, and nothing is sent twice", async () => {
    await box.post(Array.from({ length: 8 }, (_, i) => unknownSchema(`S${i}`, i, i)));
    const { connection, prefix, app } = box;
    const common = { connection, prefix, schemaIds: laterIds, stateDir: null };
    const cluster = { replicationFactor: 1, minInsyncReplicas: 1 };
    const second = new KafkaLog({ ...common, ...cluster, app: operatorOf(app), shared: true });
    let taken: Promise<unknown> | null = null;
    const first = box.redrive({
      together: 2,
      at: async (point) => {
        if (point !== "sent") return;
        taken ??= box.redrive({ operator: second });
        await taken;
      },
    });
    await expect(first).rejects.toMatchObject({ code: "STREAMS_FENCED" });
    expect((await box.ticks()).length).toBe(8);
    expect((await states()).every((state) => state.startsWith("redriven"))).toBe(true);
    await second.close();
  });
});

const points = [
  "sending#2",
  "sent#2",
  ...["AddPartitionsToTxn", "Produce", "EndTxn"].flatMap((api) =>
    ["before", "sent", "answered"].map((when) => `${when}-${api}#3`),
  ),
];

describeKafka("a redrive that is killed", ({ brokers }) => {
  const folder = mkdtempSync(join(tmpdir(), "tapedeck-redrive-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(points)("at %s: the next one goes on, each letter is sent once", async (at) => {
    const box = await openLetterBox(brokers);
    const processes = new FaultProcesses(join(folder, at.replace("#", "-")));
    try {
      const letters = Array.from({ length: 14 }, (_, i) => unknownSchema(`S${i % 3}`, i, i));
      await box.post(letters);
      const args = [brokers.join(","), box.app, box.prefix];
      const env = { TAPEDECK_CRASH_AT: at };
      const killed = await processes.start({ name: "killed", script: PROCESS, args, env });
      expect(await killed.ended, killed.errors()).toEqual({ code: null, signal: 9 });
      const before = (await box.ticks()).length;
      const next = await processes.start({ name: "next", script: PROCESS, args });
      expect(await next.ended, next.errors()).toEqual({ code: 0, signal: null });
      expect(next.lines).toEqual([`done ${14 - before}`]);
      const ticks = await box.ticks();
      expect(ticks.toSorted()).toEqual(
        Array.from({ length: 14 }, (_, i) => `S${i % 3} ${i}`).toSorted(),
      );
      for (const symbol of ["S0", "S1", "S2"]) {
        const own = ticks.filter((tick) => tick.startsWith(symbol));
        expect(own).toEqual(own.toSorted((a, b) => Number(a.slice(3)) - Number(b.slice(3))));
      }
    } finally {
      await processes.close();
      await box.close();
    }
  });
});
