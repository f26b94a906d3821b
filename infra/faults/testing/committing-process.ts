// A process that commits transactions to two topics and notes what it asks for and is told; ends
// where TAPEDECK_CRASH_AT says.
// TAPEDECK_HISTORY=FILE node committing-process.ts BROKER TRANSACTIONAL-ID TOPIC TOPIC NAME COUNT

import { connectKafka } from "../../kafka/client/connection.ts";
import type { EncodedRecords } from "../../kafka/wire/record-batch.ts";
import { RecordsWriter } from "../../kafka/wire/records-writer.ts";
import { crashPoint, watchRequests } from "../crash-points.ts";
import { createHistory } from "../history/record-history.ts";

const [broker = "", transactionalId = "", one = "", other = "", name = "", count = "1"] =
  process.argv.slice(2);

function recordsOf(value: string): EncodedRecords {
  const writer = new RecordsWriter();
  writer.add(1_700_000_000_000, null, Buffer.from(value));
  return writer.take() as EncodedRecords;
}

watchRequests(crashPoint(process.env.TAPEDECK_CRASH_AT));
const history = createHistory(process.env.TAPEDECK_HISTORY ?? "");
const connection = await connectKafka({ brokers: [broker], clientId: name });
const producer = await connection.producer(transactionalId, 20_000);
console.log("ready");
for (let i = 0; i < Number(count); i++) {
  const transaction = `${name}-${i}`;
  const batches = [one, other].map((topic) => ({
    topic,
    partition: 0,
    value: `${transaction}-${topic}`,
  }));
  history.record({ op: "begin", process: name, transaction });
  for (const [j, { topic, partition, value }] of batches.entries()) {
    const id = 2 * i + j;
    history.record({
      op: "send",
      process: name,
      id,
      transaction,
      topic,
      partition,
      values: [value],
    });
  }
  history.record({ op: "ending", process: name, transaction, commit: true });
  const written = await producer.commit({
    batches: batches.map(({ topic, partition, value }) => ({
      topic,
      partition,
      records: recordsOf(value),
    })),
  });
  for (const [j, { topic }] of batches.entries()) {
    const offset = written.find((each) => each.topic === topic)?.baseOffset ?? -1;
    const told = offset < 0 ? {} : { offsets: [offset] };
    history.record({ op: "sent", process: name, id: 2 * i + j, outcome: "ok", ...told });
  }
  history.record({ op: "ended", process: name, transaction, outcome: "committed" });
  console.log(`committed ${i}`);
}
history.close();
await connection.close();
