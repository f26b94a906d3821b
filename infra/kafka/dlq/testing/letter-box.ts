// Dead letters without a service: written as its task would write them, about messages that are made
// here. Ticks of "S0", "S1", ... whose price is their number.

import { setTimeout as pause } from "node:timers/promises";
import { Writer } from "../../../../schemas/avro.ts";
import type { Facts } from "../../../../schemas/generated/facts.ts";
import type { Position } from "../../../../streams/event.ts";
import { partitionOf } from "../../../../streams/partition.ts";
import { RecordCursor, writeRecord } from "../../../../streams/record.ts";
import { readAll } from "../../../../streams/testing/log-fixtures.ts";
import { freshPrefix } from "../../../broker/testing.ts";
import { connectKafka, type KafkaConnection } from "../../client/connection.ts";
import type { ResolvingSchemaIds } from "../../log/decode-resolved.ts";
import { KafkaLog } from "../../log/kafka-log.ts";
import { fixedSchemaIds } from "../../service/testing/fixed-schema-ids.ts";
import { type LooseMessage, putTogether, takeApart } from "../../wire/testing/messages.ts";
import { TopicDecoder } from "../../wire/topic-decoder.ts";
import { TopicEncoder } from "../../wire/topic-encoder.ts";
import { ledgerOf, operatorOf } from "../ledger.ts";
import { type Redriven, type RedriveOptions, redrive } from "../redrive.ts";

export const PARTITIONS = 2;
const POLL_MS = 5;
export const START_US = 1_711_636_200_000_000;
/** Of a schema that nobody knew; those who do take it for today's. */
const LATE_SCHEMA = 4711;

/** Ids as they are once that schema was published. */
export const laterIds: ResolvingSchemaIds = {
  ...fixedSchemaIds,
  isKnown: (topic, id) => id === LATE_SCHEMA || fixedSchemaIds.isKnown(topic, id),
};

export interface LetterBox {
  readonly prefix: string;
  readonly app: string;
  readonly connection: KafkaConnection;
  readonly live: KafkaLog;
  readonly feed: KafkaLog;
  readonly operator: KafkaLog;
  /** Appends letters in one commit; their ids. */
  post(letters: readonly Posted[]): Promise<readonly string[]>;
  /** Appends a tick to the partition of its symbol, as a feed does; it can be read from then on. */
  tick(symbol: string, price: number, timeUs?: number): Promise<void>;
  /** What it sent can be read from then on. */
  redrive(options: Partial<RedriveOptions>): Promise<Redriven>;
  /** "symbol price" of every tick, partition after partition; throws where one is no event. */
  ticks(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface Posted {
  readonly letter: Facts["tape.dead-letters"];
  readonly cause?: Position;
  readonly timeUs?: number;
}

export const symbolPartition = (symbol: string): number => partitionOf(symbol, PARTITIONS);

export function tickMessage(
  symbol: string,
  price: number,
  offset: number,
  timeUs = START_US,
): LooseMessage {
  const place = { topic: "market.ticks", partition: symbolPartition(symbol) };
  const writer = new Writer(64);
  const value = { symbol, price, quantity: 1, venue: "", suspicious: false };
  writeRecord(writer, "market.ticks", timeUs, 0, null, 0, value);
  const batch = { ...place, baseOffset: offset, count: 1, maxTimeUs: timeUs };
  const bytes = writer.bytes.slice(0, writer.pos);
  const records = new TopicEncoder(place, fixedSchemaIds).encode({ ...batch, bytes }, 0);
  return takeApart(records)[0] as LooseMessage;
}

/** A letter about a message, as the wire judges it behind `next` events. */
export function letterAbout(
  message: LooseMessage,
  partition: number,
  position: number,
  next = 0,
): Posted {
  const place = { topic: "market.ticks", partition };
  const raw = putTogether([message], position);
  const [poison] = new TopicDecoder(place, fixedSchemaIds, next).decode(raw).poison;
  if (poison === undefined) throw new Error("the message is an event");
  const { code, detail } = poison;
  return { letter: { origin: place.topic, partition, position, code, detail, raw: poison.raw } };
}

/** About a tick of a schema that was not known then. */
export function unknownSchema(symbol: string, price: number, position: number): Posted {
  const message = tickMessage(symbol, price, position);
  const value = Uint8Array.from(message.value ?? []);
  new DataView(value.buffer).setUint32(1, LATE_SCHEMA);
  return letterAbout({ ...message, value }, symbolPartition(symbol), position);
}

/** About a message that stays what it is. */
export function tombstone(symbol: string, position: number): Posted {
  const message = { ...tickMessage(symbol, 0, position), value: null };
  return letterAbout(message, symbolPartition(symbol), position);
}

export async function openLetterBox(brokers: readonly string[]): Promise<LetterBox> {
  const prefix = freshPrefix();
  const app = prefix.slice(0, -1);
  const connection = await connectKafka({ brokers, clientId: "letter-box" });
  const common = { connection, prefix, schemaIds: laterIds, stateDir: null };
  const log = (name: string, shared: boolean): KafkaLog =>
    new KafkaLog({ ...common, app: name, shared, replicationFactor: 1, minInsyncReplicas: 1 });
  const live = log(app, false);
  const feed = log(`${app}.feed`, true);
  const operator = log(operatorOf(app), true);
  await live.createTopic("market.ticks", PARTITIONS);
  await live.createTopic("orders", PARTITIONS);
  await live.createTopic("tape.dead-letters", 1);
  const endOf = async (topic: string, partition: number): Promise<number> =>
    (await (await live.view(topic, partition)).end()).logical;
  return {
    prefix,
    app,
    connection,
    live,
    feed,
    operator,
    async post(letters) {
      const topic = "tape.dead-letters";
      const baseOffset = await endOf(topic, 0);
      const writer = new Writer(1024);
      for (const { letter, cause = null, timeUs = START_US } of letters) {
        writeRecord(writer, topic, timeUs, 0, cause, 0, letter);
      }
      const bytes = writer.bytes.slice(0, writer.pos);
      const batch = { topic, partition: 0, baseOffset, count: letters.length, maxTimeUs: START_US };
      await live.commit({ produced: [{ ...batch, bytes }], checkpoints: [] });
      return letters.map((_, i) => `0/${baseOffset + i}`);
    },
    async tick(symbol, price, timeUs = START_US) {
      const [topic, partition] = ["market.ticks", symbolPartition(symbol)] as const;
      const writer = new Writer(64);
      const value = { symbol, price, quantity: 1, venue: "", suspicious: false };
      writeRecord(writer, topic, timeUs, 0, null, 0, value);
      const bytes = writer.bytes.slice(0, writer.pos);
      for (;;) {
        const baseOffset = await endOf(topic, partition);
        const batch = { topic, partition, baseOffset, count: 1, maxTimeUs: timeUs, bytes };
        const failure = await feed.commit({ produced: [batch], checkpoints: [] }).then(
          () => null,
          (error) => error,
        );
        if (failure === null) return (await feed.view(topic, partition)).settled();
        if (failure.code !== "STREAMS_OFFSET_CONFLICT") throw failure;
      }
    },
    async redrive(options) {
      const places = { connection, schemaIds: laterIds, live, operator, app, prefix };
      const given = { ...places, selects: () => true, fix: null, dryRun: false, ...options };
      const redriven = await redrive(given);
      for (let partition = 0; partition < PARTITIONS; partition++) {
        await (await given.operator.view("market.ticks", partition)).settled();
      }
      await untilSettled(connection, ledgerOf(app));
      return redriven;
    },
    async ticks() {
      const found: string[] = [];
      for (let partition = 0; partition < PARTITIONS; partition++) {
        await requireEvents(connection, prefix, partition);
        const { bytes } = await readAll(live, "market.ticks", partition, 0);
        const records = new RecordCursor("market.ticks", partition, 0, bytes);
        for (let event = records.read(); event !== null; event = records.read()) {
          const { symbol, price } = event.value as Facts["market.ticks"];
          found.push(`${symbol} ${price}`);
        }
      }
      return found;
    },
    async close() {
      for (const one of [live, feed, operator]) await one.close();
      const admin = await connection.admin();
      const topics = (await admin.listTopics()).filter((name) => name.startsWith(app));
      await admin.deleteTopics({ topics });
      await connection.close();
    },
  };
}

/** A commit is answered before its marker is written. */
async function untilSettled(
  connection: KafkaConnection,
  { topic, partition }: { topic: string; partition: number },
) {
  if ((await connection.partitionsOf(topic)) === null) return;
  const end = await connection.listOffset(topic, partition, "end");
  while ((await connection.listOffset(topic, partition, "stable-end")) < end) await pause(POLL_MS);
}

/** Reads as a consumer does, from the first message on. */
async function requireEvents(connection: KafkaConnection, prefix: string, partition: number) {
  const topic = `${prefix}market.ticks`;
  const decoder = new TopicDecoder({ topic: "market.ticks", partition }, fixedSchemaIds, 0);
  const end = await connection.listOffset(topic, partition, "stable-end");
  for (let next = 0; next < end; ) {
    const fetched = await connection.fetch(topic, partition, next, { waitMs: 500 });
    for (const raw of fetched.batches) {
      const [poison] = decoder.decode(raw).poison;
      if (poison !== undefined) throw new Error(`${topic}/${partition}: ${poison.detail}`);
    }
    next = fetched.nextOffset;
  }
}
