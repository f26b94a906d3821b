import { expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import { eventAt } from "../../../streams/event-at.ts";
import type { EventLog } from "../../../streams/log.ts";
import { createMemoryLog } from "../../../streams/memory-log.ts";
import { command } from "../../../streams/testing/facts.ts";
import { sendCommand } from "./send-command.ts";

const place = (offset: number) => ({ topic: "control.commands", partition: 0, offset }) as const;

test("commands follow each other, none before the one before it in time", async () => {
  const log = createMemoryLog();
  await log.createTopic("control.commands", 1);
  expect(await sendCommand(log, command("HaltTrading"), 50)).toEqual({ offset: 0, timeUs: 50 });
  expect(await sendCommand(log, command("KillTrading"), 20)).toEqual({ offset: 1, timeUs: 50 });
  expect(await eventAt(log, place(1))).toMatchObject({
    timeUs: 50,
    origin: 1,
    value: { command: "KillTrading", who: "ann" },
  });
});

test("one that comes between is looked at, and followed", async () => {
  const log = createMemoryLog();
  await log.createTopic("control.commands", 1);
  let disturbed = 0;
  const busy: EventLog = {
    ...log,
    commit: async (commit) => {
      if (disturbed++ === 0) await sendCommand(log, command("HaltTrading"), 10);
      await log.commit(commit);
    },
  };
  expect(await sendCommand(busy, command("KillTrading"), 20)).toEqual({ offset: 1, timeUs: 20 });
});

test("what the flow would refuse for what it says is not written", async () => {
  const log = createMemoryLog();
  await log.createTopic("control.commands", 1);
  const typo = command("SetLimit", { limit: "maxPostion", value: 5 });
  await expect(sendCommand(log, typo, 1)).rejects.toMatchObject({
    code: "PROCESSOR_COMMAND_INVALID",
    message: expect.stringContaining("there is no limit maxPostion"),
  });
  const nobody = command("EnableTrading", { who: " " });
  await expect(sendCommand(log, nobody, 1)).rejects.toThrow("does not name who gave it");
  expect(await sendCommand(log, command("HaltTrading", { who: "" }), 1)).toEqual({
    offset: 0,
    timeUs: 1,
  });
});

test("without the topic it says so", async () => {
  const sent = sendCommand(createMemoryLog(), command("HaltTrading"), 1);
  await expect(sent).rejects.toThrow(TapedeckError);
  await expect(sent).rejects.toMatchObject({ code: "STREAMS_TOPIC_UNKNOWN" });
});
