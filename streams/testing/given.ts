// A processor's test: given what has happened, when this happens, these events are asked for.
// Promises: what the contract forbids fails here, with the rule that was broken, whatever the test
// looks at: changing an event, changing the state in decide or before a throw, deciding differently
// after a restart from the stored state, an undeclared topic, a value that its schema cannot write.

import { Writer } from "../../schemas/avro.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { codecs, type Facts, type TopicName } from "../../schemas/generated/facts.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { shareOf } from "../../schemas/values/testing/share.ts";
import type { EmitOf, EventOf } from "../event.ts";
import type { Processor } from "../processor.ts";
import { decodeState, encodeState } from "../state.ts";

/** An event of a test; `given` numbers it. */
export const at = <T extends TopicName>(timeUs: number, topic: T, value: Facts[T]): EventOf<T> =>
  ({
    topic,
    partition: 0,
    offset: 0,
    timeUs,
    origin: 0,
    cause: null,
    ordinal: 0,
    value,
  }) as unknown as EventOf<T>;

/** A share in US dollars: cents, whole shares, lots of one; `changes` to make it something else. */
export const equity = (symbol: string, changes: Partial<Instrument> = {}): Instrument => ({
  ...shareOf(symbol),
  ...changes,
});

export interface Given<In extends TopicName, Out extends TopicName> {
  /** Everything asked for while these events happen, in order. */
  when(...events: readonly EventOf<In>[]): readonly EmitOf<Out>[];
}

/** Folds `events` in (their own decisions are checked, then left out), ready for `when`. */
export function given<State, In extends TopicName, Out extends TopicName>(
  processor: Processor<State, In, Out>,
  ...events: readonly EventOf<In>[]
): Given<In, Out> {
  const subject = new Subject(processor);
  for (const event of events) subject.step(event);
  return {
    when: (...next) => next.flatMap((event) => subject.step(event)),
  };
}

/** Runs the processor twice: with the state it keeps, and with one stored and read at each event. */
class Subject<State, In extends TopicName, Out extends TopicName> {
  private readonly processor: Processor<State, In, Out>;
  private readonly offsets = new Map<string, number>();
  private kept: State;
  private restored: State;
  private origin = 0;
  private lastUs = Number.NEGATIVE_INFINITY;

  constructor(processor: Processor<State, In, Out>) {
    this.processor = processor;
    this.kept = processor.initial();
    this.restored = processor.initial();
  }

  step(unnumbered: EventOf<In>): readonly EmitOf<Out>[] {
    const { processor } = this;
    const event = this.number(unnumbered);
    const bytes = this.evolveRestored(event);
    this.kept = processor.evolve(this.kept, event);
    const emits = processor.decide(this.kept, event);
    const stored = freeze(decodeState(bytes)) as State;
    const again = processor.decide(stored, event);
    this.demand(same(bytes, encodeState(stored)), "decide changed the state");
    this.demand(
      same(encodeState(emits.map(listed)), encodeState(again.map(listed))),
      "decide differs between the state kept and the state restored from its bytes",
    );
    const silent = processor.unanswered?.includes(event.topic as In) === true;
    this.demand(!silent || emits.length === 0, `${event.topic} was answered`);
    for (const { topic, value, atUs } of emits) {
      this.demand(Object.hasOwn(processor.outputs, topic), `${topic} is not among the outputs`);
      const latencyUs = processor.outputs[topic as Out];
      this.demand(
        atUs === undefined || atUs >= event.timeUs + latencyUs,
        `${topic} is earlier than its cause plus the latency`,
      );
      (codecs[topic] as { encode(writer: Writer, value: unknown): void }).encode(
        new Writer(256),
        value,
      );
    }
    this.restored = decodeState(bytes) as State;
    return emits;
  }

  /** The next state's bytes. A throw must leave the state as it was: a dead letter goes on with it. */
  private evolveRestored(event: EventOf<In>): Uint8Array {
    const before = encodeState(this.restored);
    try {
      return encodeState(this.processor.evolve(this.restored, event));
    } catch (error) {
      const goesOn = this.processor.onFailure === "dead-letter";
      const kept = !goesOn || same(before, encodeState(this.restored));
      this.demand(kept, "evolve threw with the state changed");
      throw error;
    }
  }

  private number(event: EventOf<In>): EventOf<In> {
    const { inputs } = this.processor;
    this.demand(inputs.includes(event.topic as In), `${event.topic} is not among the inputs`);
    this.demand(event.timeUs >= this.lastUs, "the test's events are not in the order of time");
    this.lastUs = event.timeUs;
    const offset = this.offsets.get(event.topic) ?? 0;
    this.offsets.set(event.topic, offset + 1);
    return freeze({ ...event, offset, origin: this.origin++ });
  }

  private demand(holds: boolean, rule: string): void {
    if (holds) return;
    const { name } = this.processor;
    throw new TapedeckError("PROCESSOR_FAILED", `${name}: ${rule}`, { processor: name });
  }
}

/** A state holds no bytes, an event may: they are compared as a list. */
const listed = <T extends { readonly value: object }>(emitted: T): T => ({
  ...emitted,
  value: Object.fromEntries(
    Object.entries(emitted.value).map(([key, value]) => [
      key,
      value instanceof Uint8Array ? [...value] : value,
    ]),
  ),
});

/** Makes a write throw where it happens. A Map cannot be frozen: its bytes are compared instead; nor can bytes. */
function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (ArrayBuffer.isView(value)) return value;
  if (value instanceof Map) for (const item of value.values()) freeze(item);
  else for (const item of Object.values(Object.freeze(value))) freeze(item);
  return value;
}

const same = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
