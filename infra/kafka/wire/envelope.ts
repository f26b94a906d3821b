// What Kafka's headers say of an event: CloudEvents 1.0 by its Kafka binding, and W3C's traceparent. One
// list of names and limits for who writes them and who reads them.

import { Writer } from "../../../schemas/avro.ts";
import type { TopicName } from "../../../schemas/generated/facts.ts";
import { writeUtf8 } from "../../../schemas/utf8.ts";
import { catalogue, topicNames } from "../../../streams/catalogue.ts";

/** Where a partition's messages belong; `topic` without the prefix that a run or a shadow gives it. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** Values beyond this are neither written nor read, dead letters apart, which hold any message. */
export const VALUE_MAX_BYTES = 1024 * 1024;
/** 0x00 and the schema's id, before an Avro value (Confluent's wire format). */
export const FRAMING_BYTES = 5;
/** As many as a log allows (streams/log-errors.ts). */
export const PARTITION_MAX = 65_535;
const OPAQUE_TYPE = "tapedeck.opaque";

/** The Avro record of each topic; a test holds it against schemas/*.avsc. */
export const recordNames: { readonly [T in TopicName]: string } = {
  "control.commands": "ControlCommand",
  features: "Features",
  fills: "ExecutionReport",
  forecasts: "Forecast",
  "market.bars": "MarketBar",
  "market.corporate-actions": "CorporateAction",
  "market.status": "MarketStatus",
  "market.rates": "MarketRate",
  "market.instruments": "Instrument",
  "market.quotes": "MarketQuote",
  "market.ticks": "MarketTick",
  "models.events": "ModelEvent",
  orders: "Order",
  "pool.answers": "PoolAnswer",
  "pool.requests": "PoolRequest",
  "portfolio.snapshots": "PortfolioSnapshot",
  regimes: "Regime",
  "risk.breakers": "BreakerTripped",
  "risk.order-verdicts": "OrderVerdict",
  "risk.verdicts": "RiskVerdict",
  signals: "Signal",
  "tape.admissions": "LateAdmission",
  "tape.dead-letters": "DeadLetter",
  "weights.proposals": "WeightsProposal",
};

/** The order in which they are written. */
export const HEADERS = [
  "ce_specversion",
  "ce_type",
  "ce_source",
  "content-type",
  "ce_id",
  "ce_time",
  "ce_origin",
  "ce_cause",
  "ce_effectivetime",
  "traceparent",
] as const;
export type HeaderName = (typeof HEADERS)[number];

export const ascii = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length * 3);
  return bytes.slice(0, writeUtf8(text, bytes, 0));
};

/** "<topic>/" as ce_cause begins, by the topic's number; holes where no topic has the number. */
export const causeTopics: readonly Uint8Array[] = topicNames.reduce<Uint8Array[]>((names, name) => {
  names[catalogue[name].id] = ascii(`${name}/`);
  return names;
}, []);

/** A header's name as a record has it, with the length before it; its value follows. */
export function nameBytes(name: HeaderName): Uint8Array {
  const writer = new Writer(64);
  writer.string(name);
  return writer.bytes.slice(0, writer.pos);
}

/** The values that are the same in every message of a partition. */
export interface Constants {
  readonly ce_specversion: Uint8Array;
  readonly ce_type: Uint8Array;
  readonly ce_source: Uint8Array;
  readonly "content-type": Uint8Array;
}

/** `typed`: the name of a topic of the catalogue; null where messages travel opaque. */
export const constantsOf = ({ topic, partition }: Place, typed: TopicName | null): Constants => ({
  ce_specversion: ascii("1.0"),
  ce_type: ascii(typed === null ? OPAQUE_TYPE : `tapedeck.${recordNames[typed]}`),
  ce_source: ascii(`/${topic}/${partition}`),
  "content-type": ascii(typed === null ? "application/octet-stream" : "application/avro"),
});

/** The four constant headers as they lie in a message, and the name of ce_id, which comes next. */
export function constantBlock(constants: Constants): Uint8Array {
  const writer = new Writer(512);
  for (const name of HEADERS.slice(0, 4) as (keyof Constants)[]) {
    writer.string(name);
    writer.blob(constants[name]);
  }
  writer.string("ce_id");
  return writer.bytes.slice(0, writer.pos);
}

/** Where a call into the platform begins to cost less than a loop. */
const SHORT_BYTES = 48;

/** Copies a value; most are short. */
export function copyBytes(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
): void {
  if (end - start > SHORT_BYTES) {
    to.set(from.subarray(start, end), at);
    return;
  }
  let place = at;
  for (let i = start; i < end; i++) to[place++] = from[i] as number;
}
