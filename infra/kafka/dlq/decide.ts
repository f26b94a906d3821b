// Which letters a redrive sends. Promises: letters of one key go in their original order; behind one
// that cannot go, or was not asked for, those of its key stay where they are, and are told.

import type { Letter } from "../../dlq/letters.ts";
import type { Attempt, Mended } from "./attempt.ts";

export interface Tried {
  readonly letter: Letter;
  /** Null: it was not asked for. */
  readonly attempt: Attempt | null;
}

export type Decision =
  | { readonly letter: Letter; readonly action: "send"; readonly event: Mended }
  | { readonly letter: Letter; readonly action: "drop"; readonly why: string }
  | { readonly letter: Letter; readonly action: "hold"; readonly by: string }
  | {
      readonly letter: Letter;
      readonly action: "fail";
      readonly code: string;
      readonly detail: string;
    };

/** `tried`: every open letter, in the order of its partition. Of those asked for the decision. */
export function decideRedrive(tried: readonly Tried[]): readonly Decision[] {
  const blocked = new Map<string, string>();
  const decisions: Decision[] = [];
  for (const { letter, attempt } of tried) {
    const lanes = lanesOf(letter, attempt);
    const by = lanes.map((lane) => blocked.get(lane)).find((id) => id !== undefined);
    const block = (): void => {
      for (const lane of lanes) if (!blocked.has(lane)) blocked.set(lane, letter.id);
    };
    if (attempt === null) block();
    else if (by !== undefined) {
      block();
      decisions.push({ letter, action: "hold", by });
    } else if (attempt.kind === "event") {
      decisions.push({ letter, action: "send", event: attempt.event });
    } else if (attempt.kind === "drop") {
      decisions.push({ letter, action: "drop", why: attempt.why });
    } else {
      block();
      const { code, detail } = attempt;
      decisions.push({ letter, action: "fail", code, detail });
    }
  }
  return decisions;
}

/**
 * What a letter keeps its order in: the key that its message has, and the one that its event turned out
 * to have. Events that a processor refused are in the topic already: they wait for none but their own.
 */
function lanesOf({ cause, refused, key }: Letter, attempt: Attempt | null): readonly string[] {
  const keys = [key, attempt?.kind === "event" ? attempt.event.key : null];
  const kind = cause === null ? "message" : "event";
  return [...new Set(keys)].flatMap((one) =>
    one === null ? [] : [JSON.stringify([kind, refused.origin, one])],
  );
}
