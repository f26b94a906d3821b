// What is no event where it is worst for a task: nothing else in a partition, at its very end, too large
// for any letter; and the task starts again and again.

import { afterAll, beforeAll, expect, test } from "vitest";
import { LETTER_RAW_BYTES } from "../../../streams/dead-letter.ts";
import { readAll } from "../../../streams/testing/log-fixtures.ts";
import { describeKafka } from "../../broker/testing.ts";
import { type Letter, readLetters } from "../../dlq/letters.ts";
import type { Log } from "../../telemetry/logs.ts";
import { symbolPartition, tickMessage } from "../dlq/testing/letter-box.ts";
import { openStrangeProducer, type StrangeProducer } from "../dlq/testing/strange-producer.ts";
import { wholeLetter } from "../dlq/whole-letter.ts";
import { tapeSettings } from "../topics/topic-settings.ts";
import type { LooseMessage } from "../wire/testing/messages.ts";
import { type LiveFixture, openLiveFixture } from "./testing/live-fixture.ts";

const strange = (value: string | Uint8Array): LooseMessage => ({
  timestampMs: Date.UTC(2024, 0, 2),
  key: Buffer.from("somebody"),
  value: Buffer.from(value),
  headers: [],
});

describeKafka("messages that are no event, at the edges", ({ brokers }) => {
  let fixture: LiveFixture;
  let stranger: StrangeProducer;
  beforeAll(async () => {
    fixture = await openLiveFixture({ brokers, days: 1, ticksPerDay: 60 });
    stranger = await openStrangeProducer(brokers);
    const admin = await fixture.connection.admin();
    const name = `${fixture.prefix}market.ticks`;
    // All of them: what is left out goes back to the broker's own.
    const settings = { ...tapeSettings(1), "max.message.bytes": String(16 << 20) };
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    const resources = [{ type: 2, name, configEntries }];
    await admin.alterConfigs({ validateOnly: false, resources });
  });
  afterAll(async () => {
    await stranger.close();
    await fixture.close();
  });

  const send = (topic: string, message: LooseMessage, partition = 0): Promise<number> =>
    stranger.send(`${fixture.prefix}${topic}`, partition, message);

  async function letters(): Promise<readonly Letter[]> {
    const all: Letter[] = [];
    for await (const letter of readLetters(fixture.live)) all.push(letter);
    return all;
  }
  /** Those that `before` does not have. */
  async function lettersSince(before: readonly Letter[]): Promise<readonly Letter[]> {
    const known = new Set(before.map(({ id }) => id));
    return (await letters()).filter(({ id }) => !known.has(id));
  }
  const placeOf = ({ refused: { code, origin, partition, position } }: Letter): string =>
    `${code} ${origin}/${partition}/${position}`;
  async function runOnce(): Promise<void> {
    const { quiet, service } = fixture.start({ log });
    await quiet();
    await service.stop(5_000);
  }
  /** What services logged of letters. */
  const told: unknown[] = [];
  const log: Log = {
    write: (level, message, fields) => {
      if (message.includes("dead letter")) told.push([level, fields?.letter, fields?.code]);
    },
    with: () => log,
  };

  test("alone in its partition it is put aside once, however often the flow starts", async () => {
    const first = await send("control.commands", strange("HALT!"));
    await runOnce();
    await runOnce();
    const second = await send("control.commands", strange("HALT, I SAID"));
    await runOnce();
    await runOnce();
    expect((await letters()).map(placeOf)).toEqual(
      [first, second].map((at) => `WIRE_HEADER_MISSING control.commands/0/${at}`),
    );
    const ids = (await letters()).map(({ id }) => ["warn", id, "WIRE_HEADER_MISSING"]);
    expect(told).toEqual(ids);
  });

  test("at the end of a partition, looking like an event: the feed and the flow go on", async () => {
    await fixture.feedAll();
    await runOnce();
    const before = await letters();
    const symbol = ["A", "B", "C", "D"].find((name) => symbolPartition(name) === 0) ?? "";
    const { end } = await readAll(fixture.live, "market.ticks", 0, 0);
    const at = [
      await send("market.ticks", tickMessage(symbol, 1, 3)),
      await send("market.ticks", tickMessage(symbol, 1, end, 1_000_000)),
    ];
    await runOnce();
    await runOnce();
    expect((await lettersSince(before)).map(placeOf)).toEqual([
      `WIRE_OFFSET_REPEATED market.ticks/0/${at[0]}`,
      `WIRE_TIME_REVERSED market.ticks/0/${at[1]}`,
    ]);
    const last = await fixture.live.read("market.ticks", 0, end - 1);
    if (last === null) throw new Error("it has ticks");
    const produced = [{ ...last, baseOffset: end, count: 1 }];
    await fixture.feed.commit({ produced, checkpoints: [] });
    await runOnce();
    expect((await lettersSince(before)).length).toBe(2);
    expect((await readAll(fixture.live, "market.ticks", 0, 0)).end).toBe(end + 1);
  });

  test("of 10 MB it becomes a letter of its first bytes, and the whole is found again", async () => {
    const before = await letters();
    const value = new Uint8Array(10_000_000).fill(7);
    const at = await send("market.ticks", strange(value), 1);
    await runOnce();
    const [letter, ...more] = await lettersSince(before);
    expect(more).toEqual([]);
    expect(letter?.refused).toMatchObject({
      code: "WIRE_VALUE_TOO_LARGE",
      position: at,
      detail: expect.stringMatching(/kept: the first 983040 of 100000\d\d bytes/),
    });
    expect(letter?.refused.raw.length).toBe(LETTER_RAW_BYTES);
    const { live, connection } = fixture;
    const whole = await wholeLetter(letter as Letter, live, connection);
    expect(Buffer.from(whole.message?.value ?? []).equals(value)).toBe(true);
    expect(whole.message?.key).toEqual(Buffer.from("somebody"));
  });

  test("from a clock that is far ahead it moves no later letter's time", async () => {
    const before = await letters();
    const ahead = { ...strange("later"), timestampMs: Date.UTC(2150, 0, 1) };
    await send("market.ticks", ahead);
    await send("market.ticks", strange("now"));
    await runOnce();
    const times = (await lettersSince(before)).map(({ timeUs }) => timeUs);
    expect(times.length).toBe(2);
    for (const timeUs of times) expect(timeUs).toBeLessThan(Date.now() * 1000);
  });
});
