// How a manifest names a tape that is Kafka topics.

const KAFKA = "kafka:";

export const kafkaTapeName = (prefix: string): string => `${KAFKA}${prefix}`;

/** The prefix of the topics; null where the tape is a folder. */
export const prefixOfTape = (tape: string): string | null =>
  tape.startsWith(KAFKA) ? tape.slice(KAFKA.length) : null;
