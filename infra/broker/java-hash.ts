// Where a coordinator's state lies. Promises: the partition of __consumer_offsets or
// __transaction_state that Kafka takes for an id, so that a test finds its coordinator.

/** Java's String.hashCode: s[0]*31^(n-1) + ... + s[n-1] over UTF-16 units, in 32 bits. */
export function javaHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}

/** Kafka's Utils.abs, which is 0 for the one number that has no positive, then the remainder. */
export function partitionOfId(id: string, partitions: number): number {
  const hash = javaHash(id);
  return (hash === -2147483648 ? 0 : Math.abs(hash)) % partitions;
}
