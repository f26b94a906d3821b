// Which partition a key belongs to. Promises: the same answer as Kafka's default partitioner
// (murmur2 of the key's UTF-8 bytes), so a tape copied to Kafka keeps every event's place.

import { Reader, Writer } from "../schemas/avro.ts";

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/** Austin Appleby's MurmurHash2, 32 bits, as Kafka seeds it. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let hash = SEED ^ length;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> 24;
    word = Math.imul(word, MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ word;
  }
  for (let i = length - 1; i >= whole; i--) hash ^= (bytes[i] as number) << (8 * (i - whole));
  if (length > whole) hash = Math.imul(hash, MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return (hash ^ (hash >>> 15)) | 0;
}

// Keys repeat for ever (symbols, portfolios); a bound keeps hostile input from filling memory.
const CACHED_KEYS_MAX = 65_536;
const hashes = new Map<string, number>();

function utf8(key: string): Uint8Array {
  const writer = new Writer(key.length * 3 + 8);
  writer.string(key);
  const reader = new Reader(writer.bytes, 0, writer.pos);
  reader.long(); // the length that Avro writes before a string
  return writer.bytes.subarray(reader.pos, writer.pos);
}

/** 0 to partitions - 1. */
export function partitionOf(key: string, partitions: number): number {
  if (partitions === 1) return 0;
  let hash = hashes.get(key);
  if (hash === undefined) {
    hash = murmur2(utf8(key)) & 0x7fff_ffff;
    if (hashes.size >= CACHED_KEYS_MAX) hashes.clear();
    hashes.set(key, hash);
  }
  return hash % partitions;
}
