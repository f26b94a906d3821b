// A few tasks run together over source events, each event once, in the one order of the test's topics: for tests
// that watch what processors do to each other, without the log or the merge.

import type { TopicName } from "../../schemas/generated/facts.ts";
import type { AnyEvent, EventOf } from "../event.ts";
import type { Task } from "../task.ts";
import { at } from "./given.ts";

/** `ranked`: the topics in the order of their ranks in the flow. `see` is shown what each event led to. */
export function playInOrder<Topic extends TopicName>(
  tasks: readonly Task[],
  ranked: readonly Topic[],
  sources: readonly EventOf<Topic>[],
  see: (event: EventOf<Topic>, wrote: readonly EventOf<Topic>[]) => void,
): void {
  const queue = sources.map((event, offset) => ({ ...event, offset }));
  let written = sources.length;
  const rankOf = ({ topic }: EventOf<Topic>): number =>
    (ranked as readonly string[]).indexOf(topic);
  const before = (a: EventOf<Topic>, b: EventOf<Topic>): number =>
    a.timeUs - b.timeUs || rankOf(a) - rankOf(b) || a.offset - b.offset;
  while (queue.length > 0) {
    queue.sort(before);
    const event = queue.shift() as EventOf<Topic>;
    const wrote: EventOf<Topic>[] = [];
    for (const task of tasks) {
      if (!(task.processor.inputs as readonly string[]).includes(event.topic)) continue;
      task.process(event as AnyEvent, {
        topic: (topic) => ({
          write: (timeUs, _origin, _cause, _ordinal, value) => {
            const event: unknown = { ...at(timeUs, topic, value), offset: written++ };
            wrote.push(event as EventOf<Topic>);
          },
        }),
        refuse: (_event, failure) => {
          throw failure;
        },
      });
    }
    queue.push(...wrote);
    see(event, wrote);
  }
}
