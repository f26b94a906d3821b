// What every log says when it refuses a call: one wording, so that adapters cannot differ.

import { TapedeckError } from "../schemas/errors.ts";

export const topicUnknown = (topic: string): TapedeckError =>
  new TapedeckError("STREAMS_TOPIC_UNKNOWN", `the log holds no topic ${topic}`, { topic });

export const partitionUnknown = (topic: string, partition: number, count: number): TapedeckError =>
  new TapedeckError(
    "STREAMS_OFFSET_OUT_OF_RANGE",
    `${topic} has ${count} partitions: there is no partition ${partition}`,
    { topic, partition, count },
  );

export const partitionsChanged = (topic: string, has: number, asked: number): TapedeckError =>
  new TapedeckError(
    "STREAMS_PARTITIONS_CHANGED",
    `${topic} has ${has} partitions, ${asked} asked for`,
    { topic, has, asked },
  );

export const partitionCountInvalid = (topic: string, asked: number): TapedeckError =>
  new TapedeckError(
    "STREAMS_PARTITIONS_CHANGED",
    `${topic} cannot have ${asked} partitions: give an integer from 1 to 65536`,
    { topic, asked },
  );

export const MAX_PARTITIONS = 65_536;

export const offsetConflict = (
  topic: string,
  partition: number,
  offset: number,
  end: number,
): TapedeckError =>
  new TapedeckError(
    "STREAMS_OFFSET_CONFLICT",
    `a batch for ${topic}/${partition} starts at ${offset}; the next offset is ${end}`,
    { topic, partition, offset, end },
  );

export const fenced = (task: string, epoch: number, current: number): TapedeckError =>
  new TapedeckError(
    "STREAMS_FENCED",
    `${task} commits as owner ${epoch}; its owner is ${current === 0 ? "nobody yet" : current}`,
    { task, epoch, current },
  );

export const entryKeyInvalid = (task: string, key: string, bytes: number): TapedeckError =>
  new TapedeckError(
    "STREAMS_ENTRY_KEY_INVALID",
    `${task} keeps an entry of state under a key of ${bytes} bytes that starts "${key.slice(0, 40)}"`,
    { task, bytes },
  );

export const offsetOutOfRange = (
  topic: string,
  partition: number,
  offset: number,
  start: number,
  end: number,
): TapedeckError =>
  new TapedeckError(
    "STREAMS_OFFSET_OUT_OF_RANGE",
    `${topic}/${partition} keeps offsets ${start} to ${end}; ${offset} was asked for`,
    { topic, partition, offset, start, end },
  );

export const closed = (): TapedeckError => new TapedeckError("STORE_CLOSED", "the log is closed");
