// A dead letter with all that it is about. A letter keeps the first bytes of what was too large for it;
// the whole still lies where the letter says, until its topic's retention takes it away.

import { Writer } from "../../../schemas/avro.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import { LETTER_RAW_BYTES } from "../../../streams/dead-letter.ts";
import { eventAt } from "../../../streams/event-at.ts";
import { encodeValue } from "../../../streams/record.ts";
import { type Letter, messageOf } from "../../dlq/letters.ts";
import type { KafkaConnection } from "../client/connection.ts";
import type { KafkaLog } from "../log/kafka-log.ts";
import type { Message } from "../wire/poison.ts";
import { RecordReader } from "../wire/record-reader.ts";

export interface WholeLetter {
  readonly letter: Letter;
  /** Null where the letter is about an event, or the message is damaged or gone. */
  readonly message: Message | null;
}

/** `live` reads the topics that the letter is from. */
export async function wholeLetter(
  letter: Letter,
  live: KafkaLog,
  connection: KafkaConnection,
): Promise<WholeLetter> {
  const { cause, refused } = letter;
  if (refused.raw.length < LETTER_RAW_BYTES) return { letter, message: messageOf(letter) };
  if (cause === null) return { letter, message: await messageAt(letter, live, connection) };
  const event = await eventAt(live, cause);
  const writer = new Writer(1 << 20);
  encodeValue(writer, event);
  const raw = writer.bytes.subarray(0, writer.pos);
  return { letter: { ...letter, refused: { ...refused, raw } }, message: null };
}

async function messageAt(
  { refused }: Letter,
  live: KafkaLog,
  connection: KafkaConnection,
): Promise<Message | null> {
  const { origin, partition, position } = refused;
  try {
    const fetched = await connection.fetch(live.kafkaName(origin), partition, position);
    const records = new RecordReader();
    for (const raw of fetched.batches) {
      if (raw.defect !== null || raw.lastOffset < position) continue;
      records.open(raw);
      while (records.next()) {
        const { offset, damage, key, value } = records;
        if (offset !== position || damage !== null) continue;
        return { key, value, headers: records.headers() };
      }
    }
    return null;
  } catch (error) {
    const isGone = error instanceof TapedeckError && error.code === "KAFKA_OFFSET_OUT_OF_RANGE";
    if (isGone) return null;
    throw error;
  }
}
