// The run's shared broker and registry are real: a topic is made, written and read; a schema registered.

import { Kafka, logLevel } from "kafkajs";
import { expect, test } from "vitest";
import { patchKafkajs } from "../kafka/client/patches.ts";
import { describeKafka, freshPrefix, useBroker } from "./testing.ts";

patchKafkajs();

describeKafka("the run's broker and registry", ({ brokers, registry }) => {
  test("take a topic and a record", async () => {
    const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
    const topic = `${freshPrefix()}ticks`;
    const admin = kafka.admin();
    const producer = kafka.producer();
    try {
      await admin.connect();
      await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
      await producer.connect();
      await producer.send({ topic, messages: [{ value: "1", partition: 1 }] });
      const offsets = await admin.fetchTopicOffsets(topic);
      expect(offsets.map(({ partition, high }) => [partition, high]).sort()).toEqual([
        [0, "0"],
        [1, "1"],
      ]);
      await admin.deleteTopics({ topics: [topic] });
    } finally {
      await producer.disconnect();
      await admin.disconnect();
    }
  });

  test("take a schema as Confluent's registry does", async () => {
    const subject = `${registry}/subjects/${freshPrefix()}ticks-value`;
    const answer = await fetch(`${subject}/versions`, {
      method: "POST",
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: JSON.stringify({ schema: JSON.stringify({ type: "string" }) }),
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ id: expect.any(Number) });
    await fetch(subject, { method: "DELETE" });
  });

  test("are named to commands that a test starts", () => {
    expect(useBroker()).toEqual({ brokers, registry });
    expect(process.env.TAPEDECK_KAFKA).toBe(brokers.join(","));
    expect(process.env.TAPEDECK_REGISTRY).toBe(registry);
  });
});
