// Two events field by field: every leaf in which time or value differ.

import type { AnyEvent } from "../../streams/event.ts";

export interface FieldDifference {
  /** Path within the value, such as "targets[2].quantity"; "timeUs" for the effective time. */
  readonly field: string;
  /** Undefined where that side has no such field. */
  readonly live: unknown;
  readonly shadow: unknown;
}

/** In the order of the schema; empty where they say the same. */
export function differingFields(live: AnyEvent, shadow: AnyEvent): readonly FieldDifference[] {
  const found: FieldDifference[] = [];
  if (live.timeUs !== shadow.timeUs) {
    found.push({ field: "timeUs", live: live.timeUs, shadow: shadow.timeUs });
  }
  compare(live.value, shadow.value, "", found);
  return found;
}

function compare(live: unknown, shadow: unknown, path: string, found: FieldDifference[]): void {
  if (Object.is(live, shadow)) return;
  if (live instanceof Uint8Array && shadow instanceof Uint8Array) {
    if (Buffer.compare(live, shadow) === 0) return;
  } else if (Array.isArray(live) && Array.isArray(shadow)) {
    const length = Math.max(live.length, shadow.length);
    for (let i = 0; i < length; i++) compare(live[i], shadow[i], `${path}[${i}]`, found);
    return;
  } else if (isRecord(live) && isRecord(shadow)) {
    for (const name of new Set([...Object.keys(live), ...Object.keys(shadow)])) {
      compare(live[name], shadow[name], path === "" ? name : `${path}.${name}`, found);
    }
    return;
  }
  found.push({ field: path, live, shadow });
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
