// The same without our envelope: bare messages by the same client, key and value as they are, one
// transaction with offsets at a time while the next one is gathered. Beside copy-ours.ts it shows what
// the envelope, the order and the state cost.
//
//   node bench/kafka/copy-raw.ts BROKERS FROM-TOPIC TO-TOPIC GROUP FROM UNTIL   prints a Span

import { connectKafka } from "../../infra/kafka/client/connection.ts";
import { RecordReader } from "../../infra/kafka/wire/record-reader.ts";
import { RecordsWriter } from "../../infra/kafka/wire/records-writer.ts";
import { SpanMeter } from "./span.ts";

const MOST = 20_000;
const [brokers = "", input = "", output = "", group = "", from = "", until = ""] =
  process.argv.slice(2);
const connection = await connectKafka({ brokers: [brokers], clientId: "copy-raw" });
const producer = await connection.producer(group, 60_000);
const fetcher = connection.fetcher({ maxBufferedBytes: 64 << 20 });
fetcher.add(input, 0, 0);
const meter = new SpanMeter(Number(from), Number(until));
const writer = new RecordsWriter();
const reader = new RecordReader();
let [committed, gathered, next] = [0, 0, 0];
let committing: Promise<void> | null = null;
let over = false;

function commit(): void {
  const records = writer.take();
  if (records === null) return;
  gathered = 0;
  const done = producer.commit({
    batches: [{ topic: output, partition: 0, records }],
    offsets: { groupId: group, offsets: [{ topic: input, partition: 0, offset: next }] },
  });
  committing = done.then(() => {
    committing = null;
    committed += records.count;
    const span = meter.reached(committed);
    if (span === null) return;
    console.log(JSON.stringify(span));
    over = true;
  });
}

while (!over) {
  const piece = await fetcher.pull(100);
  for (const raw of piece?.batches ?? []) {
    reader.open(raw);
    while (reader.next()) {
      writer.add(reader.timestampMs, reader.key, reader.value);
      gathered++;
    }
    next = raw.lastOffset + 1;
    if (gathered >= MOST) await committing;
    if (committing === null) commit();
  }
}
fetcher.close();
producer.close();
await connection.close();
