// One processor at work on one partition: its state, its stream time, and what it writes when.
// Every runtime (closed run, simulator, services) drives a processor through this, so that a
// decision is timed and a failure is reported alike everywhere.

import { TapedeckError } from "../schemas/errors.ts";
import type { Facts, TopicName } from "../schemas/generated/facts.ts";
import { keyOf } from "./catalogue.ts";
import type { AnyEmit, AnyEvent } from "./event.ts";
import type { AnyProcessor } from "./topology.ts";

/** Where a task's events go. */
export interface Sink {
  write<T extends TopicName>(
    topic: T,
    timeUs: number,
    cause: AnyEvent,
    ordinal: number,
    value: Facts[T],
  ): void;
  /** The processor's policy is dead-letter, and it failed on `event`. */
  refuse(event: AnyEvent, failure: TapedeckError): void;
}

/** What a checkpoint keeps of a task. Plain data. */
export interface TaskSnapshot {
  readonly state: unknown;
  readonly streamTimeUs: number;
}

export class Task {
  /** Processor, and the partition where there is one: "paper-venue/3", "risk-gate". */
  readonly name: string;
  readonly processor: AnyProcessor;
  private state: unknown;
  /** The output written last and its latency: most processors have one output. */
  private topic: TopicName | null = null;
  private latencyUs = 0;
  /** Greatest effective time seen: a late event's consequences are timed by it. */
  private streamTimeUs = 0;

  constructor(processor: AnyProcessor, partition: number) {
    this.processor = processor;
    this.name = processor.scope === "symbol" ? `${processor.name}/${partition}` : processor.name;
    this.state = processor.initial();
  }

  /** Folds one event in, decides, and hands what was decided to `sink`. */
  process(event: AnyEvent, sink: Sink): void {
    const { processor } = this;
    if (event.timeUs > this.streamTimeUs) this.streamTimeUs = event.timeUs;
    let emits: readonly AnyEmit[];
    try {
      this.state = processor.evolve(this.state, event);
      emits = processor.decide(this.state, event);
    } catch (cause) {
      const failure = failed(processor, event, cause);
      if (processor.onFailure === "stop") throw failure;
      sink.refuse(event, failure);
      return;
    }
    for (let ordinal = 0; ordinal < emits.length; ordinal++) {
      const { topic, value, atUs } = emits[ordinal] as AnyEmit;
      if (topic !== this.topic) this.select(topic);
      const earliest = this.streamTimeUs + this.latencyUs;
      if (atUs !== undefined && !(atUs >= earliest))
        throw reversed(processor, topic, atUs, earliest);
      sink.write(topic, atUs ?? earliest, event, ordinal, value);
    }
  }

  private select(topic: TopicName): void {
    const latencyUs = this.processor.outputs[topic];
    if (latencyUs === undefined) throw undeclared(this.processor, topic);
    this.topic = topic;
    this.latencyUs = latencyUs;
  }

  snapshot(): TaskSnapshot {
    return { state: this.state, streamTimeUs: this.streamTimeUs };
  }

  restore(snapshot: TaskSnapshot): void {
    this.state = snapshot.state;
    this.streamTimeUs = snapshot.streamTimeUs;
  }
}

function failed(processor: AnyProcessor, event: AnyEvent, cause: unknown): TapedeckError {
  const what = cause instanceof Error ? cause.message : String(cause);
  return new TapedeckError(
    "PROCESSOR_FAILED",
    `${processor.name} failed on ${event.topic}/${event.partition} offset ${event.offset}: ${what}`,
    {
      processor: processor.name,
      topic: event.topic,
      partition: event.partition,
      offset: event.offset,
      timeUs: event.timeUs,
      key: keyOf(event.topic, event.value),
    },
    cause,
  );
}

const undeclared = (processor: AnyProcessor, topic: string): TapedeckError =>
  new TapedeckError("STREAMS_OUTPUT_UNDECLARED", `${processor.name} wrote to ${topic}`, {
    processor: processor.name,
    topic,
  });

const reversed = (
  processor: AnyProcessor,
  topic: string,
  atUs: number,
  earliest: number,
): TapedeckError =>
  new TapedeckError(
    "STREAMS_TIME_REVERSED",
    `${processor.name} timed ${topic} at ${atUs} µs, before ${earliest} µs`,
    { processor: processor.name, topic, atUs, earliest },
  );
