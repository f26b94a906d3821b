// Where an event stands in a trace, as W3C Trace Context's traceparent says it. Promises: no chance and
// no clock: a source event's trace and everyone's span are hashes of the place (topic, partition,
// logical offset), so they need not be stored, and a replay shows the same ones. Never seen by a decision.
//
// The hash is made of MurmurHash3's 32-bit finaliser, a bijection: two offsets of a partition below
// 2^32 apart never share a span. Traces are for finding things, not for telling friend from foe.

/** What a traceparent says: 32 and 16 lower-case hexadecimal digits, not all 0; flags as 2. */
export interface Trace {
  readonly traceId: string;
  readonly parentId: string;
  readonly flags: string;
}

/** Length of a traceparent of version 00. */
export const TRACEPARENT_LENGTH = 55;
const FIELDS = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Null where the text is no traceparent: it is then left out, as the standard asks, and no reason to
 * refuse an event. Versions after 00 may be longer; of their fields the four known ones are taken.
 */
export function parseTraceparent(text: string): Trace | null {
  const [, version, traceId = "", parentId = "", flags = "", more] = FIELDS.exec(text) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) {
    return null;
  }
  if (/^0*$/.test(traceId) || /^0*$/.test(parentId)) return null;
  return { traceId, parentId, flags };
}

export const formatTraceparent = ({ traceId, parentId, flags }: Trace): string =>
  `00-${traceId}-${parentId}-${flags}`;

/** One hash for each 32 bits: four of the trace id, two of the span id. */
const LANES = 6;
const GOLDEN = 0x9e37_79b9;
const HIGH = 0x1_0000_0000;

/** Austin Appleby's fmix32 of MurmurHash3. */
function mix(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85eb_ca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

/** What `mix` made `mixed` of: each of its steps undone, the last one first. */
function unmix(mixed: number): number {
  let hash = mixed ^ (mixed >>> 16);
  hash = Math.imul(hash, 0x7ed1_b41d);
  hash ^= (hash >>> 13) ^ (hash >>> 26);
  hash = Math.imul(hash, 0xa5cb_9243);
  return hash ^ (hash >>> 16);
}

const DIGITS = new Uint8Array(16);
for (let i = 0; i < 16; i++) DIGITS[i] = i.toString(16).charCodeAt(0);
const DASH = 0x2d;
const ZERO = 0x30;
const ONE = 0x31;

/** Eight hexadecimal digits of 32 bits. */
function writeHex(bytes: Uint8Array, at: number, word: number): void {
  for (let i = 0; i < 8; i++) bytes[at + i] = DIGITS[(word >>> (28 - 4 * i)) & 15] as number;
}

/** The traces and spans of one partition's places. */
export class TracePlaces {
  private readonly seeds = new Int32Array(LANES);

  constructor(topic: string, partition: number) {
    const text = `${topic}/${partition}`;
    for (let lane = 0; lane < LANES; lane++) {
      let seed = mix(Math.imul(lane + 1, GOLDEN));
      for (let i = 0; i < text.length; i++) seed = mix(seed ^ text.charCodeAt(i)) + GOLDEN;
      this.seeds[lane] = seed;
    }
  }

  /** 32 bits of the place `offset`; `lane` says which. */
  private word(lane: number, low: number, high: number): number {
    return mix(mix((this.seeds[lane] as number) ^ low) ^ high);
  }

  /**
   * The offset whose source trace has this id; null where it is none of this partition's. For
   * measuring (infra/telemetry/tick-arrivals.ts). Offsets from 2^36 on are not looked for.
   */
  offsetOf(traceId: string): number | null {
    const words = [0, 8, 16, 24].map((at) => Number.parseInt(traceId.slice(at, at + 8), 16) | 0);
    const [first = 0] = words;
    for (let high = 0; high < 16; high++) {
      const low = (this.seeds[0] as number) ^ unmix(unmix(first) ^ high);
      if (words.every((word, lane) => word === (this.word(lane, low, high) | 0))) {
        return high * HIGH + (low >>> 0);
      }
    }
    return null;
  }

  /** The span id of the record at `offset`: 16 hexadecimal digits from `at` on. */
  writeSpan(bytes: Uint8Array, at: number, offset: number): void {
    const high = Math.floor(offset / HIGH);
    const low = (offset - high * HIGH) | 0;
    const first = this.word(4, low, high);
    const second = this.word(5, low, high);
    writeHex(bytes, at, first);
    writeHex(bytes, at + 8, (first | second) === 0 ? 1 : second);
  }

  /** The traceparent of the source event at `offset`, TRACEPARENT_LENGTH bytes from `at` on. */
  writeSource(bytes: Uint8Array, at: number, offset: number): void {
    const high = Math.floor(offset / HIGH);
    const low = (offset - high * HIGH) | 0;
    bytes[at] = ZERO;
    bytes[at + 1] = ZERO;
    bytes[at + 2] = DASH;
    let any = 0;
    for (let lane = 0; lane < 4; lane++) {
      const word = this.word(lane, low, high);
      any |= word;
      writeHex(bytes, at + 3 + 8 * lane, word);
    }
    if (any === 0) bytes[at + 34] = ONE;
    bytes[at + 35] = DASH;
    this.writeSpan(bytes, at + 36, offset);
    bytes[at + 52] = DASH;
    bytes[at + 53] = ZERO;
    bytes[at + 54] = ONE; // sampled: what is on the tape can be looked up
  }
}

// A process meets a few thousand partitions; a bound keeps a long list of names from growing for ever.
const PLACES_MAX = 10_000;
const places = new Map<string, TracePlaces>();

/** Kept by name: cheap to ask again. */
export function placesOf(topic: string, partition: number): TracePlaces {
  const name = `${topic}/${partition}`;
  let known = places.get(name);
  if (known === undefined) {
    known = new TracePlaces(topic, partition);
    if (places.size >= PLACES_MAX) places.clear();
    places.set(name, known);
  }
  return known;
}
