// kafkajs' own producer, as a stranger uses it: messages with any key, value, headers and time, one batch
// each; also packed by snappy, which kafkajs leaves to others.

import kafkajs from "kafkajs";
import type { LooseMessage } from "../../wire/testing/messages.ts";

export interface StrangeProducer {
  /** Gives its Kafka offset. */
  send(
    topic: string,
    partition: number,
    message: LooseMessage,
    packing?: "snappy",
  ): Promise<number>;
  close(): Promise<void>;
}

export async function openStrangeProducer(brokers: readonly string[]): Promise<StrangeProducer> {
  const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;
  CompressionCodecs[CompressionTypes.Snappy] = () => ({
    compress: async ({ buffer }: { readonly buffer: Buffer }) => snappyOfLiterals(buffer),
    decompress: async (packed: Buffer) => packed,
  });
  const client = new Kafka({
    brokers: [...brokers],
    clientId: "stranger",
    logLevel: logLevel.NOTHING,
  });
  const producer = client.producer();
  await producer.connect();
  return {
    async send(topic, partition, { key, value, headers, timestampMs }, packing) {
      const named: Record<string, Buffer[]> = {};
      for (const one of headers) {
        named[one.key] = [...(named[one.key] ?? []), Buffer.from(one.value ?? [])];
      }
      const [written] = await producer.send({
        topic,
        compression: packing === "snappy" ? CompressionTypes.Snappy : CompressionTypes.None,
        messages: [
          {
            partition,
            key: key === null ? null : Buffer.from(key),
            value: value === null ? null : Buffer.from(value),
            headers: named,
            timestamp: String(timestampMs),
          },
        ],
      });
      return Number(written?.baseOffset);
    },
    close: () => producer.disconnect(),
  };
}

const LITERAL_BYTES = 60_000;

/** Snappy in the framing that Kafka's clients use, with nothing but literals. */
function snappyOfLiterals(bytes: Buffer): Buffer {
  const parts: Buffer[] = [varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += LITERAL_BYTES) {
    const literal = bytes.subarray(at, at + LITERAL_BYTES);
    const head = Buffer.alloc(3);
    // A literal whose length, less one, follows in two bytes.
    head.writeUInt8(61 << 2, 0);
    head.writeUInt16LE(literal.length - 1, 1);
    parts.push(head, literal);
  }
  const block = Buffer.concat(parts);
  const head = Buffer.from("\x82SNAPPY\0\0\0\0\x01\0\0\0\x01\0\0\0\0", "latin1");
  head.writeUInt32BE(block.length, 16);
  return Buffer.concat([head, block]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
