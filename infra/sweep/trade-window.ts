// A stretch of the tape that is traded, with bars before it that only feed the indicators. Promises: no
// order follows from a bar before the window, and none at or after its end is read; the views of the
// window's last bars are 0, so that it ends flat where the venue lets it, with the cost of that paid.

import type { AnyModel } from "../../processors/portfolio-model.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import type { Features } from "../../schemas/generated/features.ts";
import type { AnyEvent } from "../../streams/event.ts";
import type { SourceEvents } from "../../streams/observed-run.ts";

/** Effective times in microseconds. */
export interface TradeWindow {
  /** From here on prices are read. */
  readonly warmFromUs: number;
  /** From here on there are views. */
  readonly fromUs: number;
  /** From here on every view is 0. */
  readonly flatFromUs: number;
  /** From here on nothing is read. */
  readonly toUs: number;
}

/** All else that was known before the window is known in it: instruments, actions, halts, commands. */
const PRICES: readonly TopicName[] = ["market.bars", "market.ticks", "market.quotes"];

export const inWindow = (
  sources: readonly SourceEvents[],
  { warmFromUs, toUs }: TradeWindow,
): readonly SourceEvents[] =>
  sources.map(({ topic, partition, events }) => {
    const from = PRICES.includes(topic) ? firstAtOrAfter(events, warmFromUs) : 0;
    return { topic, partition, events: events.slice(from, firstAtOrAfter(events, toUs)) };
  });

/** By bisection: effective times never fall. */
function firstAtOrAfter(events: readonly AnyEvent[], timeUs: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle] as AnyEvent).timeUs < timeUs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The model, silent before the window; its state takes every bar in. */
export function windowedModel(model: AnyModel, { fromUs, flatFromUs }: TradeWindow): AnyModel {
  const signal = (state: unknown, features: Features): number | null => {
    if (features.barEndUs < fromUs) return null;
    const strength = model.signal(state, features);
    return strength === null || features.barEndUs < flatFromUs ? strength : 0;
  };
  const initial = (): unknown => model.initial();
  if (model.scope === "portfolio") {
    const { name, version, scope } = model;
    return {
      name,
      version,
      scope,
      initial,
      evolve: (own, bars) => model.evolve(own, bars),
      signal,
    };
  }
  const { name, version } = model;
  return { name, version, initial, evolve: (own, features) => model.evolve(own, features), signal };
}
