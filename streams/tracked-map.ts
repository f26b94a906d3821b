// A Map that knows which of its entries may have changed since it was last asked. Promises: to its user
// it is a Map; an entry whose value could have been changed in place (handed out by get, or by an
// iteration) counts as touched; each key carries an ordinal by which its place in the insertion
// order can be restored. Cost: a set and a map of the keys beside the Map's own.

/** What may have changed of one key: its ordinal and value, or null where it is gone. */
export type TouchedEntry<K, V> = readonly [
  key: K,
  now: readonly [ordinal: number, value: V] | null,
];

const isMutable = (value: unknown): boolean => typeof value === "object" && value !== null;

export class TrackedMap<K, V> extends Map<K, V> {
  private readonly ordinals = new Map<K, number>();
  private readonly touched = new Set<K>();
  private nextOrdinal = 0;

  /** Puts an entry in without touching it: call with rising ordinals, each key once. */
  restore(key: K, ordinal: number, value: V): void {
    super.set(key, value);
    this.ordinals.set(key, ordinal);
    this.nextOrdinal = ordinal + 1;
  }

  /** Calls `visit` for each entry that may have changed since the last call, then forgets them. */
  takeTouched(visit: (...entry: TouchedEntry<K, V>) => void): void {
    for (const key of this.touched) {
      const ordinal = this.ordinals.get(key);
      visit(key, ordinal === undefined ? null : [ordinal, super.get(key) as V]);
    }
    this.touched.clear();
  }

  /** Every key that is in the Map, or was at the last `takeTouched`. */
  *stored(): Generator<K, undefined, unknown> {
    yield* super.keys();
    for (const key of this.touched) if (!this.ordinals.has(key)) yield key;
  }

  override get(key: K): V | undefined {
    const value = super.get(key);
    if (isMutable(value)) this.touched.add(key);
    return value;
  }

  override set(key: K, value: V): this {
    if (!this.ordinals.has(key)) this.ordinals.set(key, this.nextOrdinal++);
    this.touched.add(key);
    return super.set(key, value);
  }

  override delete(key: K): boolean {
    if (!super.delete(key)) return false;
    this.ordinals.delete(key);
    this.touched.add(key);
    return true;
  }

  override clear(): void {
    for (const key of super.keys()) this.touched.add(key);
    this.ordinals.clear();
    super.clear();
  }

  override *entries(): Generator<[K, V], undefined, unknown> {
    for (const entry of super.entries()) {
      if (isMutable(entry[1])) this.touched.add(entry[0]);
      yield entry;
    }
  }

  override *values(): Generator<V, undefined, unknown> {
    for (const [, value] of this.entries()) yield value;
  }

  override [Symbol.iterator](): Generator<[K, V], undefined, unknown> {
    return this.entries();
  }

  override forEach(visit: (value: V, key: K, map: Map<K, V>) => void, self?: unknown): void {
    for (const [key, value] of this.entries()) visit.call(self, value, key, this);
  }
}
