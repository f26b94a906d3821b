// The peer: kafkajs as its documentation shows it, one transaction a batch.
//
//   node bench/kafka/copy-kafkajs.ts BROKERS FROM-TOPIC TO-TOPIC GROUP FROM UNTIL   prints a Span

import { Kafka, logLevel } from "kafkajs";
import { SpanMeter } from "./span.ts";

const [brokers = "", input = "", output = "", group = "", from = "", until = ""] =
  process.argv.slice(2);
const kafka = new Kafka({ brokers: [brokers], clientId: "peer", logLevel: logLevel.NOTHING });
const producer = kafka.producer({
  transactionalId: group,
  idempotent: true,
  maxInFlightRequests: 1,
});
const consumer = kafka.consumer({ groupId: group, readUncommitted: false });
const meter = new SpanMeter(Number(from), Number(until));
let count = 0;
await producer.connect();
await consumer.connect();
await consumer.subscribe({ topic: input, fromBeginning: true });
const over = new Promise<void>((resolve) => {
  void consumer.run({
    autoCommit: false,
    async eachBatch({ batch }) {
      const transaction = await producer.transaction();
      const messages = batch.messages.map(({ key, value, timestamp }) => ({
        key,
        value,
        timestamp,
      }));
      await transaction.send({ topic: output, messages });
      const offset = String(BigInt(batch.lastOffset()) + 1n);
      await transaction.sendOffsets({
        consumerGroupId: group,
        topics: [{ topic: input, partitions: [{ partition: 0, offset }] }],
      });
      await transaction.commit();
      count += messages.length;
      const span = meter.reached(count);
      if (span === null) return;
      console.log(JSON.stringify(span));
      resolve();
    },
  });
});
await over;
await consumer.disconnect();
await producer.disconnect();
