// What a dead letter is today: an event, by today's code and registry or by a user's fix; nothing any
// more; or still what it was. Promises: whatever a message or a fix holds, the answer is one of these.

import { Reader, Writer } from "../../../schemas/avro.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import { codecs, type Facts, type TopicName } from "../../../schemas/generated/facts.ts";
import { isTopicName, keyOf } from "../../../streams/catalogue.ts";
import type { DeadLetterFix } from "../../../streams/dead-letter-fix.ts";
import { RecordCursor } from "../../../streams/record.ts";
import type { Letter } from "../../dlq/letters.ts";
import { refusedMessage } from "../../dlq/refused-message.ts";
import { thrown } from "../../models/model-failure.ts";
import { decodeResolved, type ResolvingSchemaIds } from "../log/decode-resolved.ts";
import { EnvelopeReader } from "../wire/envelope-reader.ts";
import type { Message } from "../wire/poison.ts";
import { type RawBatch, sealBatch, splitBatches } from "../wire/record-batch.ts";
import { RecordReader } from "../wire/record-reader.ts";
import { RecordsWriter } from "../wire/records-writer.ts";
import { TopicDecoder } from "../wire/topic-decoder.ts";

/** An event to append; its offset is what comes next. */
export interface Mended {
  readonly topic: TopicName;
  readonly key: string;
  readonly timeUs: number;
  readonly origin: number;
  readonly trace: string | null;
  readonly value: Facts[TopicName];
  /** The logical offset that the message said it had; null where that is not to be known. */
  readonly claimed: number | null;
}

export type Attempt =
  | { readonly kind: "event"; readonly event: Mended }
  | { readonly kind: "drop"; readonly why: string }
  | { readonly kind: "fail"; readonly code: string; readonly detail: string };

export const fail = (code: string, detail: string): Attempt => ({ kind: "fail", code, detail });

/** By a user's fix. */
export function mendLetter(letter: Letter, message: Message | null, fix: DeadLetterFix): Attempt {
  const topic = letter.refused.origin as TopicName;
  const seen = refusedMessage(letter, message);
  try {
    const fixed = fix(seen);
    if (fixed === null) return { kind: "drop", why: "the fix gave null" };
    const { value, timeUs = seen.timeUs ?? letter.timeUs } = fixed;
    if (!Number.isSafeInteger(timeUs) || timeUs < 0) {
      return fail("DLQ_FIX_INVALID", `the fix gave the time ${timeUs}: whole microseconds`);
    }
    const held = asWritten(topic, value);
    const origin = originOf(seen.headers.ce_origin);
    const event = { topic, key: keyOf(topic, held), timeUs, origin, trace: null };
    return { kind: "event", event: { ...event, value: held, claimed: null } };
  } catch (error) {
    const why = error instanceof TapedeckError ? error.message : thrown(error);
    return fail("DLQ_FIX_INVALID", `the fix gave no event of ${topic}: ${why}`);
  }
}

/** By today's code and registry. Throws only what the registry does. */
export async function decodeAgain(
  letter: Letter,
  message: Message | null,
  schemas: ResolvingSchemaIds,
): Promise<Attempt> {
  const { cause, refused, timeUs } = letter;
  const { origin, partition, code, detail } = refused;
  if (cause !== null) return refusedEvent(letter);
  if (message === null || !isTopicName(origin)) return fail(code, detail);
  // Its time as Kafka had it is not in the letter: which of the two is right only a fix can say.
  if (code === "WIRE_TIMESTAMP_DIFFERS") return fail(code, detail);
  const place = { topic: origin, partition };
  const effectiveUs = effectiveTime(message, new EnvelopeReader(place, origin));
  const raw = batchOf(message, Math.floor((effectiveUs ?? timeUs) / 1000));
  const decoded = await decodeResolved(new TopicDecoder(place, schemas), raw, schemas);
  const [still] = decoded.poison;
  if (still !== undefined) return fail(still.code, still.detail);
  const { batch } = decoded;
  if (batch === null) return fail(code, detail);
  const { baseOffset, bytes, traces } = batch;
  const event = new RecordCursor(origin, partition, baseOffset, bytes).read();
  if (event === null) return fail(code, detail);
  return {
    kind: "event",
    event: {
      topic: origin,
      key: keyOf(origin, event.value),
      timeUs: event.timeUs,
      origin: event.origin,
      trace: traces?.[0] ?? null,
      value: event.value,
      claimed: baseOffset,
    },
  };
}

/** An event that a processor refused: itself again. */
function refusedEvent({ refused, timeUs }: Letter): Attempt {
  const topic = refused.origin as TopicName;
  try {
    const value = codecs[topic].decode(new Reader(refused.raw)) as Facts[TopicName];
    const event = { topic, key: keyOf(topic, value), timeUs, origin: 0, trace: null };
    return { kind: "event", event: { ...event, value, claimed: null } };
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    return fail(error.code, error.message);
  }
}

/** The value as a reader of the topic finds it. Throws where it is none of the topic's. */
function asWritten(topic: TopicName, value: unknown): Facts[TopicName] {
  const writer = new Writer(256);
  const codec = codecs[topic] as { encode(to: Writer, value: unknown): void };
  codec.encode(writer, value);
  return codecs[topic].decode(new Reader(writer.bytes, 0, writer.pos)) as Facts[TopicName];
}

function effectiveTime(message: Message, envelope: EnvelopeReader): number | null {
  const records = new RecordReader();
  records.open(batchOf(message, 0));
  return records.next() && envelope.read(records) === null ? envelope.effectiveUs : null;
}

function batchOf({ key, value, headers }: Message, timestampMs: number): RawBatch {
  const writer = new RecordsWriter();
  writer.add(timestampMs, key, value, headers);
  const records = writer.take();
  const [batch] = records === null ? [] : splitBatches(sealBatch(records, null));
  if (batch === undefined) throw new Error("unreachable: a record was added");
  return batch;
}

const originOf = (text = ""): number => {
  const origin = /^-?[1-9]\d{0,15}$|^0$/.test(text) ? Number(text) : 0;
  return Number.isSafeInteger(origin) ? origin : 0;
};
