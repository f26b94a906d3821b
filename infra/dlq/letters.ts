// Dead letters as they lie in tape.dead-letters of any log. Two kinds: a message that was no event (it
// has no cause; `raw` is the message, `position` its Kafka offset), and an event that a processor refused
// (`cause` is the event; `raw` its value as Avro). On an imported tape a third: a row of a file.

import { Reader } from "../../schemas/avro.ts";
import { codecs, type Facts, type TopicName } from "../../schemas/generated/facts.ts";
import { isTopicName, keyOf } from "../../streams/catalogue.ts";
import { LETTER_RAW_BYTES } from "../../streams/dead-letter.ts";
import type { AnyEvent, Position } from "../../streams/event.ts";
import { eventAt } from "../../streams/event-at.ts";
import type { EventLog } from "../../streams/log.ts";
import { RecordCursor } from "../../streams/record.ts";
import { type Message, type PoisonCode, readKey, readMessage } from "../kafka/wire/poison.ts";

export interface Letter {
  /** "<partition>/<offset>" in tape.dead-letters. */
  readonly id: string;
  readonly partition: number;
  readonly offset: number;
  readonly timeUs: number;
  /** The event that was refused; null where there was none. */
  readonly cause: Position | null;
  /** What was put aside, where from and why. */
  readonly refused: Facts["tape.dead-letters"];
  /** Of a message as text, shown escaped where it is none; of an event its own. Null: not known. */
  readonly key: string | null;
}

export const LETTERS = "tape.dead-letters";

/** All letters, by partition and offset: those about one input's messages are in their order. */
export async function* readLetters(log: EventLog): AsyncGenerator<Letter> {
  for (const { topic, partition, start, end } of await log.partitions()) {
    if (topic !== LETTERS) continue;
    for (let next = start; next < end; ) {
      const batch = await log.read(topic, partition, next);
      if (batch === null) break;
      const records = new RecordCursor(LETTERS, partition, batch.baseOffset, batch.bytes);
      for (let event = records.read(); event !== null; event = records.read()) {
        yield letterOf(event);
      }
      next = batch.baseOffset + batch.count;
    }
  }
}

/** Throws STREAMS_OFFSET_OUT_OF_RANGE where there is none. */
export async function readLetter(log: EventLog, partition: number, offset: number) {
  return letterOf(await eventAt(log, { topic: LETTERS, partition, offset }));
}

function letterOf({ partition, offset, timeUs, cause, value }: AnyEvent): Letter {
  const refused = value as Facts["tape.dead-letters"];
  const place = { id: `${partition}/${offset}`, partition, offset, timeUs, cause, refused };
  return { ...place, key: cause === null ? keyOfMessage(place) : keyOfEvent(refused) };
}

/** The message that a letter is about, as far as it was kept; null where it is about none. */
export function messageOf({ cause, refused }: Pick<Letter, "cause" | "refused">): Message | null {
  return cause === null && isTopicName(refused.origin) ? readMessage(refused.raw) : null;
}

function keyOfMessage(letter: Pick<Letter, "cause" | "refused">): string | null {
  const { refused } = letter;
  const key = messageOf(letter)?.key ?? (isCut(refused) ? readKey(refused.raw) : null);
  if (key === null) return null;
  return textOf(key) ?? `0x${Buffer.from(key.subarray(0, 32)).toString("hex")}`;
}

/** It begins as a message does; its end was too large for a letter. */
const isCut = ({ origin, code, raw }: Letter["refused"]): boolean =>
  isTopicName(origin) && raw.length >= LETTER_RAW_BYTES && !NO_MESSAGE.includes(code);

/** Of these the letter holds no message, but a record that is damaged or a batch as it came. */
const NO_MESSAGE: readonly string[] = [
  "WIRE_RECORD_DAMAGED",
  "WIRE_COMPRESSION_UNSUPPORTED",
  "WIRE_COMPRESSION_DAMAGED",
  "WIRE_BATCH_BOMB",
] satisfies readonly PoisonCode[];

function keyOfEvent({ origin, raw }: Facts["tape.dead-letters"]): string | null {
  if (!isTopicName(origin)) return null;
  try {
    const value = codecs[origin].decode(new Reader(raw)) as Facts[TopicName];
    return keyOf(origin, value);
  } catch {
    return null;
  }
}

/** Bytes as text; null where they are no UTF-8. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

export interface LetterFilter {
  readonly topic?: string;
  readonly code?: string;
  readonly key?: string;
  readonly sinceUs?: number;
}

export const matches = (filter: LetterFilter, { refused, key, timeUs }: Letter): boolean =>
  (filter.topic === undefined || filter.topic === refused.origin) &&
  (filter.code === undefined || filter.code === refused.code) &&
  (filter.key === undefined || filter.key === key) &&
  timeUs >= (filter.sinceUs ?? 0);
