// A projection's state at any point of the tape. Promises: what comes back is a fold of a prefix of
// the one order, with the offsets it covers; going on from it gives what folding from 0 gives.

import type { TopicName } from "../schemas/generated/facts.ts";
import { topicNames } from "./catalogue.ts";
import type { EventOf, Position } from "./event.ts";
import { eventAt } from "./event-at.ts";
import type { Consumed, EventLog } from "./log.ts";
import { mergeTopics } from "./merge.ts";
import type { Projection } from "./projection.ts";

/** State never goes without the offsets that it covers. */
export interface Projected<State> {
  readonly state: State;
  /** One entry for each partition that anything was folded from. */
  readonly consumed: readonly Consumed[];
  readonly events: number;
  /** Effective time of the last event folded; null if there was none. */
  readonly lastUs: number | null;
}

/** Up to and including a time, or an event of any topic in the log. */
export type Until = { readonly timeUs: number } | { readonly position: Position };

export interface ProjectOptions<State> {
  /** Default: the end of the log. */
  readonly until?: Until;
  /** Topics in the run's rank order, which decides between events of one instant. */
  readonly order?: readonly TopicName[];
  /** Where to go on from. Its state is given away: it may be changed in place. */
  readonly from?: Projected<State>;
}

/** Folds `projection` over `log`. An `until` position that holds no event is refused. */
export async function projectAt<State, In extends TopicName>(
  log: EventLog,
  projection: Projection<State, In>,
  { until, order = topicNames, from }: ProjectOptions<State> = {},
): Promise<Projected<State>> {
  const last = until !== undefined && "position" in until ? until.position : null;
  if (last !== null) await eventAt(log, last);
  const toUs = until !== undefined && "timeUs" in until ? until.timeUs + 1 : undefined;
  const inputs = new Set<TopicName>(projection.inputs);
  const wanted = order.filter((topic) => inputs.has(topic) || topic === last?.topic);
  const next = new Map<TopicName, number[]>();
  for (const { topic, partition, next: offset } of from?.consumed ?? []) {
    put(next, topic as TopicName, partition, offset);
  }
  let state = from === undefined ? projection.initial() : from.state;
  let events = from?.events ?? 0;
  let lastUs = from?.lastUs ?? null;
  const chunks = mergeTopics(log, wanted, (topic, partition) => ({
    fromOffset: next.get(topic)?.[partition] ?? 0,
    ...(toUs === undefined ? {} : { toUs }),
  }));
  reading: for await (const chunk of chunks) {
    for (const event of chunk) {
      if (inputs.has(event.topic)) {
        state = projection.evolve(state, event as EventOf<In>);
        put(next, event.topic, event.partition, event.offset + 1);
        events++;
        lastUs = event.timeUs;
      }
      if (
        last !== null &&
        event.offset >= last.offset &&
        event.topic === last.topic &&
        event.partition === last.partition
      ) {
        break reading;
      }
    }
  }
  return { state, consumed: flatten(next), events, lastUs };
}

function put(next: Map<TopicName, number[]>, topic: TopicName, partition: number, offset: number) {
  let offsets = next.get(topic);
  if (offsets === undefined) {
    offsets = [];
    next.set(topic, offsets);
  }
  offsets[partition] = offset;
}

const flatten = (next: ReadonlyMap<TopicName, readonly number[]>): readonly Consumed[] =>
  [...next].flatMap(([topic, offsets]) =>
    offsets.flatMap((offset, partition) => ({ topic, partition, next: offset })),
  );
