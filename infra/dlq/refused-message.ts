// A dead letter as its reader sees it: taken apart, and read as far as it goes. For people (`dlq show`)
// and for fixes.

import type { TopicName } from "../../schemas/generated/facts.ts";
import type { RefusedMessage } from "../../streams/dead-letter-fix.ts";
import type { AvroType } from "../kafka/registry/avro-model.ts";
import { readLocalSchemas } from "../kafka/registry/local-schemas.ts";
import { FRAMING_BYTES } from "../kafka/wire/envelope.ts";
import type { Message } from "../kafka/wire/poison.ts";
import { TIME_TEXT_BYTES, TimeText } from "../kafka/wire/time-text.ts";
import { type Letter, textOf } from "./letters.ts";
import { type PartialValue, readPartial } from "./partial-value.ts";

/** Where the Avro of a message's value begins; 0 where the value is an event's alone. */
export const avroStart = ({ cause }: Letter): number => (cause === null ? FRAMING_BYTES : 0);

/** `message` is what the letter is about, whole; null where it is damaged. */
export function refusedMessage(letter: Letter, message: Message | null): RefusedMessage {
  const { cause, refused, timeUs } = letter;
  const { origin, partition, position, code, detail, raw } = refused;
  const topic = origin as TopicName;
  const value = cause === null ? (message?.value ?? null) : raw;
  const partial = value === null ? null : partialOf(topic, value, avroStart(letter));
  const headers = headersOf(message);
  return {
    topic,
    partition,
    position,
    code,
    detail,
    key: message?.key == null ? null : textOf(message.key),
    value,
    text: value === null ? null : textOf(value),
    fields: Object.fromEntries((partial?.fields ?? []).map((field) => [field.path, field.value])),
    headers,
    timeUs: cause === null ? timeOf(headers) : timeUs,
  };
}

const schemas = new Map<TopicName, AvroType>();

/** The value as today's schema of the topic reads it. */
export function partialOf(topic: TopicName, value: Uint8Array, start: number): PartialValue {
  let schema = schemas.get(topic);
  if (schema === undefined) {
    const [local] = readLocalSchemas([topic]);
    if (local === undefined) throw new Error(`${topic} has no schema`);
    schema = local.model;
    schemas.set(topic, schema);
  }
  return readPartial(schema, value, Math.min(start, value.length));
}

function headersOf(message: Message | null): Readonly<Record<string, string>> {
  const entries = (message?.headers ?? []).flatMap(({ key, value }): [string, string][] => {
    const text = value === null ? null : textOf(value);
    return text === null ? [] : [[key, text]];
  });
  return Object.fromEntries(entries);
}

/** What ce_time says; null where it is missing or no time. */
function timeOf({ ce_time: text = "" }: Readonly<Record<string, string>>): number | null {
  const bytes = Buffer.from(text);
  const timeUs = bytes.length === TIME_TEXT_BYTES ? new TimeText().read(bytes, 0) : -1;
  return timeUs < 0 ? null : timeUs;
}
