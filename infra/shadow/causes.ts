// An event with what it follows from, up to the source: read from the log by position.

import type { AnyEvent } from "../../streams/event.ts";
import { eventAt } from "../../streams/event-at.ts";
import type { EventLog } from "../../streams/log.ts";
import type { FirstDifference } from "./divergence.ts";
import type { DifferenceReport } from "./shadow-data.ts";

type Chains = Pick<DifferenceReport, "live" | "shadow">;

/** More than any flow's causes go back: beyond it something goes round in circles. */
const LONGEST = 100;

/** The event first. Cost: a look-up for each cause. */
async function withCauses(
  event: AnyEvent | null,
  logOf: (topic: string) => EventLog,
): Promise<readonly AnyEvent[]> {
  const chain: AnyEvent[] = [];
  for (let at = event; at !== null && chain.length < LONGEST; ) {
    chain.push(at);
    at = at.cause === null ? null : await eventAt(logOf(at.cause.topic), at.cause);
  }
  return chain;
}

/** Keeps what was looked up for the differences that are shown. */
export class CauseBook {
  private readonly known = new Map<FirstDifference, Chains>();
  private readonly live: EventLog;
  private readonly shadow: EventLog;
  private readonly sources: readonly string[];

  /** The shadow's sources are the live ones. */
  constructor(live: EventLog, shadow: EventLog, sources: readonly string[]) {
    this.live = live;
    this.shadow = shadow;
    this.sources = sources;
  }

  /** Looks up what is not known yet of these, and forgets all others. */
  async keep(differences: readonly FirstDifference[]): Promise<void> {
    for (const known of this.known.keys()) {
      if (!differences.includes(known)) this.known.delete(known);
    }
    for (const difference of differences) {
      if (this.known.has(difference)) continue;
      this.known.set(difference, {
        live: await withCauses(difference.live, () => this.live),
        shadow: await withCauses(difference.shadow, (topic) =>
          this.sources.includes(topic) ? this.live : this.shadow,
        ),
      });
    }
  }

  of(difference: FirstDifference): Chains {
    return this.known.get(difference) ?? { live: [], shadow: [] };
  }
}
