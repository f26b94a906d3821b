// Ticks as messages, and messages that only those before them tell from ticks.

import { Writer } from "../../../../schemas/avro.ts";
import { codecs } from "../../../../schemas/generated/facts.ts";
import { encodeRecord } from "../../../../streams/record.ts";
import { type LooseMessage, takeApart, testIds } from "../../wire/testing/messages.ts";
import { TopicEncoder } from "../../wire/topic-encoder.ts";

export const TICKS = { topic: "market.ticks", partition: 0 } as const;
const START_US = 1_711_636_200_000_000;

/** The tick of that logical offset: each a second after the one before. */
export function tickMessage(offset: number, timeUs = START_US + offset * 1_000_000): LooseMessage {
  const writer = new Writer(64);
  const value = { symbol: "IBM", price: offset, quantity: 1, venue: "", suspicious: false };
  encodeRecord(writer, codecs["market.ticks"], timeUs, offset, 0, null, 0, value);
  const bytes = writer.bytes.slice(0, writer.pos);
  const batch = { ...TICKS, baseOffset: offset, count: 1, maxTimeUs: timeUs, bytes };
  const [message] = takeApart(new TopicEncoder(TICKS, testIds).encode(batch, 0));
  if (message === undefined) throw new Error("one frame is one message");
  return message;
}

/** What looks like tick `offset`, but is earlier than the ones before it. */
export const earlyTick = (offset: number): LooseMessage => tickMessage(offset, START_US - 1);
/** A tick of another price under an offset that is taken. */
export const repeatedTick = (offset: number): LooseMessage =>
  tickMessage(offset, START_US + offset * 1_000_000 + 1);
export const tombstone = (): LooseMessage => ({ ...tickMessage(0), value: null });
