// A market fed to Kafka piece by piece, with what is no event put between its ticks.

import { Writer } from "../../../../schemas/avro.ts";
import type { Facts } from "../../../../schemas/generated/facts.ts";
import type { RecordBatch } from "../../../../streams/log.ts";
import { RecordCursor, writeRecord } from "../../../../streams/record.ts";
import type { LiveFixture } from "../../service/testing/live-fixture.ts";
import { fixedSchemaIds } from "../../service/testing/live-fixture.ts";
import { type LooseMessage, takeApart } from "../../wire/testing/messages.ts";
import { TopicEncoder } from "../../wire/topic-encoder.ts";
import { type PoisonKind, poisonKinds } from "./poison-kinds.ts";
import type { StrangeProducer } from "./strange-producer.ts";

type Tick = Facts["market.ticks"];

export interface Sent {
  readonly kind: PoisonKind;
  readonly partition: number;
  readonly kafkaOffset: number;
  readonly tick: Tick;
}

/** A poison message's quantity is its number and this: no tick of the market has so large a one. */
export const QUANTITIES = 1_000_000_000;

/** Cuts a batch into pieces of so many records. */
function* pieces(batch: RecordBatch, size: number): Generator<RecordBatch> {
  const { topic, partition, baseOffset, bytes } = batch;
  const cursor = new RecordCursor(topic as "market.ticks", partition, baseOffset, bytes);
  while (!cursor.done) {
    const [from, start] = [cursor.nextOffset, cursor.position];
    for (let i = 0; i < size && cursor.skip(); i++);
    const part = bytes.slice(start, cursor.position);
    const count = cursor.nextOffset - from;
    const timeUs = lastOf(partition, from, part).timeUs;
    yield { ...batch, baseOffset: from, count, maxTimeUs: timeUs, bytes: part };
  }
}

function lastOf(partition: number, baseOffset: number, bytes: Uint8Array) {
  const cursor = new RecordCursor("market.ticks", partition, baseOffset, bytes);
  let last = cursor.read();
  for (let event = last; event !== null; event = cursor.read()) last = event;
  if (last === null) throw new Error("a piece has a record");
  return last;
}

/** The message of a tick at that place, with the header that says which tick it is. */
function messageOf(partition: number, offset: number, timeUs: number, tick: Tick): LooseMessage {
  const writer = new Writer(128);
  writeRecord(writer, "market.ticks", timeUs, 0, null, 0, tick);
  const bytes = writer.bytes.slice(0, writer.pos);
  const place = { topic: "market.ticks", partition };
  const batch = { ...place, baseOffset: offset, count: 1, maxTimeUs: timeUs, bytes };
  const [message] = takeApart(new TopicEncoder(place, fixedSchemaIds).encode(batch, 0));
  if (message === undefined) throw new Error("one frame is one message");
  const told = { key: "x-tick", value: Buffer.from(JSON.stringify(tick)) };
  return { ...message, headers: [...message.headers, told] };
}

export interface SpoiltFeed {
  readonly sent: readonly Sent[];
  /** Feeds the rest of the market, or up to so many poison messages in all. */
  run(until?: number): Promise<void>;
}

/** Behind each piece of `size` ticks comes a message that is none, up to `most`. */
export async function spoiltFeed(
  fixture: LiveFixture,
  stranger: StrangeProducer,
  most: number,
  size: number,
): Promise<SpoiltFeed> {
  const { market, feed, prefix } = fixture;
  const sent: Sent[] = [];
  const commit = (batch: RecordBatch) => feed.commit({ produced: [batch], checkpoints: [] });
  const lanes: Generator<RecordBatch>[] = [];
  for (const { topic, partition, end } of await market.partitions()) {
    for (let next = 0; next < end; ) {
      const batch = await market.read(topic, partition, next);
      if (batch === null) break;
      if (topic === "market.ticks") lanes.push(pieces(batch, size));
      else await commit(batch);
      next = batch.baseOffset + batch.count;
    }
  }
  const spoil = async (piece: RecordBatch): Promise<void> => {
    const { partition, baseOffset, bytes } = piece;
    const kind = poisonKinds[sent.length % poisonKinds.length] as PoisonKind;
    const { offset, timeUs, value } = lastOf(partition, baseOffset, bytes);
    const tick = { ...(value as Tick), quantity: QUANTITIES + sent.length };
    const message = messageOf(partition, offset, timeUs, tick);
    const spoilt = { ...message, ...kind.change(message, tick) };
    const packing = kind.name === "snappy" ? "snappy" : undefined;
    const place = `${prefix}market.ticks`;
    const kafkaOffset = await stranger.send(place, partition, spoilt, packing);
    sent.push({ kind, partition, kafkaOffset, tick });
  };
  return {
    sent,
    async run(until = Number.POSITIVE_INFINITY) {
      while (lanes.length > 0 && sent.length < until) {
        const lane = lanes.shift() as Generator<RecordBatch>;
        const { value: piece, done } = lane.next();
        if (done === true) continue;
        await commit(piece);
        if (sent.length < most) await spoil(piece);
        lanes.push(lane);
      }
    },
  };
}
