import { expect, test } from "vitest";
import { Writer } from "../../schemas/avro.ts";
import { writableLetter } from "../../streams/dead-letter.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { writeRecord } from "../../streams/record.ts";
import { letterAbout, type Posted, tickMessage } from "../kafka/dlq/testing/letter-box.ts";
import { readLetters } from "./letters.ts";

async function keysOf(letters: readonly Posted["letter"][]): Promise<readonly (string | null)[]> {
  const log = createMemoryLog();
  const topic = "tape.dead-letters";
  await log.createTopic(topic, 1);
  const writer = new Writer(4 << 20);
  for (const letter of letters) writeRecord(writer, topic, 0, 0, null, 0, writableLetter(letter));
  const bytes = writer.bytes.slice(0, writer.pos);
  const batch = { topic, partition: 0, baseOffset: 0, count: letters.length, maxTimeUs: 0, bytes };
  await log.commit({ produced: [batch], checkpoints: [] });
  const keys: (string | null)[] = [];
  for await (const { key } of readLetters(log)) keys.push(key);
  return keys;
}

const about = (value: Uint8Array, key: Uint8Array | null) =>
  letterAbout({ ...tickMessage("BRAV", 1, 0), key, value }, 0, 7).letter;
const large = new Uint8Array(2_000_000);

test("a message that a letter holds in part keeps its key, and with it its order", async () => {
  const key = Buffer.from("BRAV");
  const small = about(Buffer.from("{}"), key);
  expect(await keysOf([about(large, key), small, about(large, null)])).toEqual([
    "BRAV",
    "BRAV",
    null,
  ]);
});

test("bytes that are no message, or a key that is cut off, give no key", async () => {
  const letter = about(large, Buffer.from("BRAV"));
  const batch = { ...letter, code: "WIRE_COMPRESSION_DAMAGED" };
  const row = { ...letter, origin: "ticks.csv" };
  expect(await keysOf([batch, row, about(Buffer.from("{}"), large)])).toEqual([null, null, null]);
});
