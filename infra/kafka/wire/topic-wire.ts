// A partition's messages on Kafka, both ways: frames out through TopicEncoder, back through TopicDecoder.
// docs/wire.md says what a message looks like and what becomes of one that does not.

export type { Place } from "./envelope.ts";
export { type Message, type Poison, type PoisonCode, readMessage } from "./poison.ts";
export type { SchemaIds } from "./schema-ids.ts";
export { type Decoded, kafkaOffsetOf, type OffsetRun, TopicDecoder } from "./topic-decoder.ts";
export { TopicEncoder } from "./topic-encoder.ts";
