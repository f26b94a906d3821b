// A processor's state as a log keeps it by key, so that a commit of a large state writes what changed of
// it. Promises: the entries of all commits together give the state back exactly, the order of its
// Maps included; a processor sees plain data, whatever is tracked. Cost of a transaction: in
// proportion to the entries touched in it, and to what of the state is in no Map.
//
// Kept by key are the Maps at the top of a state: the state itself, or fields of it. An entry's key is
//   processor / field / key of the Map        an entry of a Map
//   processor                                 all the rest, and which fields are Maps

import { TapedeckError } from "../schemas/errors.ts";
import type { EntryChange } from "./log.ts";
import { decodeState, encodeState } from "./state.ts";
import { TrackedMap } from "./tracked-map.ts";

type Fields = Record<string, unknown>;
type Tracked = TrackedMap<unknown, unknown>;

/** The value of a Map is null here. */
type RestField = readonly [field: string, isMap: boolean, value: unknown];

/** The state without its Maps: a Map, a record's fields in order, or something else. */
type Rest =
  | readonly ["map"]
  | readonly ["record", readonly RestField[]]
  | readonly ["value", unknown];

/** The field's name where the state itself is the Map. */
const WHOLE = "";

export class KeyedState {
  private readonly prefix: string;
  private readonly maps = new Map<string, Tracked>();
  private rest: Uint8Array | null = null;

  /** `processor` tells the entries of a group's members apart. */
  constructor(processor: string) {
    this.prefix = escaped(processor);
  }

  /** The state that the entries hold; null if they hold none of this processor's. */
  restore(entries: ReadonlyMap<string, Uint8Array>): { readonly state: unknown } | null {
    const bytes = entries.get(this.prefix);
    if (bytes === undefined) return null;
    this.rest = bytes;
    const [kind, content] = decodeState(bytes) as Rest;
    if (kind === "value") return { state: content };
    const fields = kind === "map" ? [[WHOLE, true, null] as const] : content;
    for (const [field, isMap] of fields) if (isMap) this.maps.set(field, new TrackedMap());
    this.fill(entries);
    const restored = ([field, isMap, value]: RestField): unknown =>
      isMap ? this.maps.get(field) : value;
    if (kind === "map") return { state: this.maps.get(WHOLE) };
    return { state: Object.fromEntries(fields.map((field) => [field[0], restored(field)])) };
  }

  private fill(entries: ReadonlyMap<string, Uint8Array>): void {
    const prefixes = [...this.maps].map(([field, map]) => ({
      start: this.prefixOf(field),
      map,
      held: [] as [key: unknown, ordinal: number, value: unknown][],
    }));
    for (const [key, bytes] of entries) {
      const of = prefixes.find(({ start }) => key.startsWith(start));
      if (of === undefined) continue;
      const [ordinal, value] = decodeState(bytes) as [number, unknown];
      of.held.push([keyIn(key.slice(of.start.length)), ordinal, value]);
    }
    for (const { map, held } of prefixes) {
      held.sort((a, b) => a[1] - b[1]);
      for (const [key, ordinal, value] of held) map.restore(key, ordinal, value);
    }
  }

  /** Entries of Maps that the state has: what a log must give back. */
  get size(): number {
    let size = 0;
    for (const map of this.maps.values()) size += map.size;
    return size;
  }

  /** The same state with its Maps tracked. A processor may have put new ones in since the last call. */
  track(state: unknown): unknown {
    if (state instanceof Map) return this.tracked(WHOLE, state);
    if (!isRecord(state)) return state;
    let tracked = state;
    for (const [field, value] of Object.entries(state)) {
      if (!(value instanceof Map) || value === this.maps.get(field)) continue;
      // A copy: the state may be frozen.
      if (tracked === state) tracked = { ...state };
      tracked[field] = this.tracked(field, value);
    }
    return tracked;
  }

  private tracked(field: string, map: Map<unknown, unknown>): Tracked {
    const before = this.maps.get(field);
    if (map === before) return before;
    const after: Tracked = new TrackedMap();
    // What the log still holds of the Map in whose place this one came.
    if (before !== undefined) for (const key of before.stored()) after.set(key, null);
    after.clear();
    for (const [key, value] of map) after.set(key, value);
    this.maps.set(field, after);
    return after;
  }

  /** Adds what changed since the last call. `state` is what `track` gave for it. */
  takeChanges(state: unknown, changes: EntryChange[]): void {
    const rest = restOf(state);
    const bytes = encoded(rest, state);
    if (this.rest === null || !same(bytes, this.rest)) {
      changes.push({ key: this.prefix, value: bytes });
      this.rest = bytes;
    }
    for (const [field, map] of this.maps) {
      // A field that is no Map any more: what was stored of it goes.
      if (fieldOf(state, field) !== map) map.clear();
      const start = this.prefixOf(field);
      map.takeTouched((key, now) => {
        const value = now === null ? null : encoded(now, { [field]: new Map([[key, now[1]]]) });
        changes.push({ key: start + textOf(key, field), value });
      });
    }
  }

  private prefixOf(field: string): string {
    return `${this.prefix}/${escaped(field)}/`;
  }
}

function restOf(state: unknown): Rest {
  if (state instanceof Map) return ["map"];
  if (!isRecord(state)) return ["value", state];
  const fields = Object.entries(state).map(([field, value]): RestField => {
    const isMap = value instanceof Map;
    return [field, isMap, isMap ? null : value];
  });
  return ["record", fields];
}

function fieldOf(state: unknown, field: string): unknown {
  if (isRecord(state)) return state[field];
  return field === WHOLE ? state : undefined;
}

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** `whole` says the same where a user would look for it: an error names its path. */
function encoded(value: unknown, whole: unknown): Uint8Array {
  try {
    return encodeState(value);
  } catch (error) {
    encodeState(whole);
    throw error;
  }
}

/** As in JSON Pointer (RFC 6901), so that a slash always parts two names. */
const escaped = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");

/** Text stands for itself; anything else, and text that starts alike, follows an equals sign. */
function textOf(key: unknown, field: string): string {
  if (typeof key === "string") return key.startsWith("=") ? `=${key}` : key;
  if (typeof key === "object" && key !== null) {
    const path = field === WHOLE ? "state" : `state.${field}`;
    throw new TapedeckError(
      "STREAMS_STATE_UNSUPPORTED",
      `${path} has an object for a key: it is another one after a restart`,
      { path },
    );
  }
  let text = "=";
  for (const byte of encodeState(key)) text += byte.toString(16).padStart(2, "0");
  return text;
}

function keyIn(text: string): unknown {
  if (!text.startsWith("=")) return text;
  if (text.startsWith("==")) return text.slice(1);
  const bytes = new Uint8Array((text.length - 1) / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(text.slice(2 * i + 1, 2 * i + 3), 16);
  }
  return decodeState(bytes);
}

const same = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
