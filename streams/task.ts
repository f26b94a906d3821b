// One processor at work on one partition: its state, its stream time, and what it writes when.
// Every runtime (closed run, simulator, services) drives a processor through this, so that a
// decision is timed and a failure is reported alike everywhere.

import { TapedeckError } from "../schemas/errors.ts";
import type { Facts, TopicName } from "../schemas/generated/facts.ts";
import { keyOf } from "./catalogue.ts";
import type { AnyEmit, AnyEvent } from "./event.ts";
import type { AnyProcessor } from "./topology.ts";

/** Where a task's events of one topic go. */
export interface TopicSink<T extends TopicName = TopicName> {
  write(timeUs: number, origin: number, cause: AnyEvent, ordinal: number, value: Facts[T]): void;
}

/** Where a task's events go. */
export interface Sink {
  /** Always the same one of a topic: tasks keep it. */
  topic<T extends TopicName>(topic: T): TopicSink<T>;
  /** The processor's policy is dead-letter, and it failed on `event`. */
  refuse(event: AnyEvent, failure: TapedeckError): void;
}

/** What a checkpoint keeps of a task. Plain data. */
export interface TaskSnapshot {
  readonly state: unknown;
  readonly streamTimeUs: number;
  /** Events that a portfolio-wide task has written. */
  readonly written: number;
}

/** Room that one input's origins have below the next input's, in what a symbol's task writes. */
const ORIGINS_OF_AN_INPUT = 2 ** 45;

export class Task {
  /** Processor, and the partition where there is one: "paper-venue/3", "risk-gate". */
  readonly name: string;
  readonly processor: AnyProcessor;
  /** The processor's own: objects of eight shapes would be looked into for each event. */
  private readonly evolve: AnyProcessor["evolve"];
  private readonly decide: AnyProcessor["decide"];
  private readonly isWhole: boolean;
  private state: unknown;
  /** The output written last, where it goes and its latency: most processors have one output. */
  private topic: TopicName | null = null;
  private sink: Sink | null = null;
  private output: TopicSink | null = null;
  private latencyUs = 0;
  /** Greatest effective time seen: a late event's consequences are timed by it. */
  private streamTimeUs = 0;
  private written = 0;
  /** Inputs that it answers, in the order in which the one order puts them at one instant. */
  private readonly ranked: readonly TopicName[];

  /** `rank` is the topology's. */
  constructor(
    processor: AnyProcessor,
    partition: number,
    rank: ReadonlyMap<TopicName, number> = new Map(),
  ) {
    this.processor = processor;
    this.evolve = processor.evolve;
    this.decide = processor.decide;
    this.isWhole = processor.scope === "portfolio";
    const rankOf = (topic: TopicName): number => rank.get(topic) ?? 0;
    this.ranked = processor.inputs
      .filter((topic) => processor.unanswered?.includes(topic) !== true)
      .sort((a, b) => rankOf(a) - rankOf(b));
    this.name = processor.scope === "symbol" ? `${processor.name}/${partition}` : processor.name;
    this.state = processor.initial();
  }

  /** Folds one event in, decides, and hands what was decided to `sink`. */
  process(event: AnyEvent, sink: Sink): void {
    const { processor } = this;
    if (event.timeUs > this.streamTimeUs) this.streamTimeUs = event.timeUs;
    let emits: readonly AnyEmit[];
    try {
      this.state = this.evolve(this.state, event);
      emits = this.decide(this.state, event);
    } catch (cause) {
      const failure = failed(processor, event, cause);
      if (processor.onFailure === "stop") throw failure;
      sink.refuse(event, failure);
      return;
    }
    for (let ordinal = 0; ordinal < emits.length; ordinal++) {
      const { topic, value, atUs } = emits[ordinal] as AnyEmit;
      if (topic !== this.topic || sink !== this.sink) this.select(topic, sink);
      const earliest = this.streamTimeUs + this.latencyUs;
      const timeUs = atUs ?? earliest;
      // Written so that NaN fails too: a time that no record holds would differ after a resume.
      if (!(timeUs >= earliest && Number.isSafeInteger(timeUs)))
        throw reversed(processor, topic, timeUs, earliest);
      try {
        (this.output as TopicSink).write(timeUs, this.originOf(event), event, ordinal, value);
      } catch (cause) {
        throw unwritable(processor, event, cause);
      }
    }
  }

  /**
   * What orders the events of a topic at one instant, whatever their partitions: the order in which
   * one task over all partitions would have written them. A portfolio-wide task is that one task: it
   * counts. A symbol's task takes it from the cause: first by the input's rank, then by the cause's
   * own origin. (Exact while at most one processor in a chain of symbol tasks has several inputs
   * that it answers; the next would need more digits than a number has.)
   */
  private originOf({ topic, origin }: AnyEvent): number {
    if (this.isWhole) return this.written++;
    const place = this.ranked.indexOf(topic);
    if (place < 0) throw answered(this.processor, topic);
    if (this.ranked.length === 1) return origin;
    return place * ORIGINS_OF_AN_INPUT + (origin % ORIGINS_OF_AN_INPUT);
  }

  private select(topic: TopicName, sink: Sink): void {
    const latencyUs = this.processor.outputs[topic];
    if (latencyUs === undefined) throw undeclared(this.processor, topic);
    this.topic = topic;
    this.sink = sink;
    this.output = sink.topic(topic);
    this.latencyUs = latencyUs;
  }

  snapshot(): TaskSnapshot {
    return { state: this.state, streamTimeUs: this.streamTimeUs, written: this.written };
  }

  restore(snapshot: TaskSnapshot): void {
    this.state = snapshot.state;
    this.streamTimeUs = snapshot.streamTimeUs;
    this.written = snapshot.written;
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

const answered = (processor: AnyProcessor, topic: string): TapedeckError =>
  new TapedeckError(
    "STREAMS_OUTPUT_UNDECLARED",
    `${processor.name} answered ${topic}, which is among its unanswered inputs`,
    { processor: processor.name, topic },
  );

const reversed = (
  processor: AnyProcessor,
  topic: string,
  atUs: number,
  earliest: number,
): TapedeckError =>
  new TapedeckError(
    "STREAMS_TIME_REVERSED",
    `${processor.name} timed ${topic} at ${atUs} µs: give a whole number, ${earliest} or more`,
    { processor: processor.name, topic, atUs, earliest },
  );

/** A value that its schema does not hold is the processor's failure, whatever its policy. */
const unwritable = (processor: AnyProcessor, event: AnyEvent, cause: unknown): unknown =>
  cause instanceof TapedeckError && cause.code.startsWith("CODEC_")
    ? failed(processor, event, cause)
    : cause;
