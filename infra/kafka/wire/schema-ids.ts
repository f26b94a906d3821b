// The numbers that a registry gave our schemas, as the wire asks for them: without waiting.

import type { TopicName } from "../../../schemas/generated/facts.ts";

export interface SchemaIds {
  /** Of today's schema; what is written carries it. */
  idOf(topic: TopicName): number;
  /** Whether today's codec of the topic reads bytes of that schema; "unknown": ask the registry first. */
  isKnown(topic: TopicName, id: number): boolean | "unknown";
  /** Why the id is not believed, in words; only where isKnown is false. */
  refusal?(topic: TopicName, id: number): string;
}
