// One dead letter for people: all that is known of it, its value read as far as it goes, what to do.

import { type ErrorCode, errorKinds } from "../../schemas/errors.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import { isTopicName } from "../../streams/catalogue.ts";
import { type Message, shown } from "../kafka/wire/poison.ts";
import type { Letter } from "./letters.ts";
import type { PartialValue } from "./partial-value.ts";
import { avroStart, partialOf } from "./refused-message.ts";

/** Bytes of a value that are shown; `--raw` gives all. */
const SHOWN_BYTES = 256;
const LINE_BYTES = 16;

export interface LetterView {
  readonly letter: Letter;
  /** "open", "redriven to …", and so on. */
  readonly state: string;
  readonly message: Message | null;
  /** What the letter is about: a message's value, an event's Avro, else all that was kept. */
  readonly value: Uint8Array | null;
  readonly partial: PartialValue | null;
  readonly next: string;
}

export function viewLetter(letter: Letter, message: Message | null, state: string): LetterView {
  const { cause, refused } = letter;
  const known = isTopicName(refused.origin) && (cause !== null || message !== null);
  const value = cause === null && message !== null ? message.value : refused.raw;
  const partial =
    known && value !== null
      ? partialOf(refused.origin as TopicName, value, avroStart(letter))
      : null;
  const kind = Object.hasOwn(errorKinds, refused.code)
    ? errorKinds[refused.code as ErrorCode]
    : null;
  return { letter, state, message, value, partial, next: kind?.next ?? "see docs/errors.md" };
}

export function letterText(view: LetterView): string {
  const { letter, state, message, value, partial, next } = view;
  const { id, timeUs, cause, refused, key } = letter;
  const { origin, partition, position, code, detail } = refused;
  const what = cause === null ? "Kafka offset" : "offset";
  const rows: readonly (readonly [string, string])[] = [
    ["letter", id],
    ["state", state],
    ["time", formatIsoUs(timeUs)],
    ["from", `${origin}/${partition}, ${what} ${position}`],
    ["kind", cause === null ? "a message that is no event" : "an event that a processor refused"],
    ["reason", code],
    ["found", plain(detail)],
    ["to do", next],
    ["key", key === null ? "none that is known" : plain(key)],
  ];
  const lines = rows.map(([name, text]) => `${name.padEnd(8)}${text}`);
  for (const { key: name, value: text } of message?.headers ?? []) {
    lines.push(`header  ${plain(name)}: ${text === null ? "null" : shown(text)}`);
  }
  if (value === null) lines.push("value   null");
  else lines.push(`value   ${value.length} bytes`, ...hexLines(value));
  if (partial !== null) lines.push(...partialLines(partial));
  return `${lines.join("\n")}\n`;
}

function hexLines(bytes: Uint8Array): readonly string[] {
  const lines: string[] = [];
  const end = Math.min(bytes.length, SHOWN_BYTES);
  for (let at = 0; at < end; at += LINE_BYTES) {
    const row = bytes.subarray(at, Math.min(at + LINE_BYTES, end));
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = [...row].map((byte) => (byte >= 0x20 && byte < 0x7f ? byte : 0x2e));
    lines.push(
      `  ${String(at).padStart(6)}  ${hex.padEnd(LINE_BYTES * 3)} ${String.fromCharCode(...text)}`,
    );
  }
  if (end < bytes.length)
    lines.push(`          … ${bytes.length - end} more: --raw gives them all`);
  return lines;
}

function partialLines({ fields, failure, rest }: PartialValue): readonly string[] {
  const lines = fields.map(
    ({ path, start, end, value }) => `  ${byteRange(start, end)}  ${path} = ${valueText(value)}`,
  );
  if (failure !== null) {
    lines.push(`  ${byteRange(failure.at, null)}  ${failure.path}: ${failure.why}`);
  } else if (rest > 0) lines.push(`  ${rest} bytes follow the value`);
  return ["read by today's schema:", ...lines];
}

const byteRange = (start: number, end: number | null): string =>
  (end === null ? `byte ${start}` : `bytes ${start}–${Math.max(start, end - 1)}`).padEnd(14);

const valueText = (value: unknown): string =>
  plain(
    JSON.stringify(value, (_, one: unknown) => {
      if (typeof one === "bigint") return String(one);
      if (one instanceof Uint8Array) return `${one.length} bytes`;
      return typeof one === "number" && !Number.isFinite(one) ? String(one) : one;
    }) ?? "undefined",
  );

/** Nothing of a stranger's moves the cursor. */
const plain = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
