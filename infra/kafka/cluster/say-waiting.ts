// Who waits for a server is told so. Promises: nothing is said of one that answers soon; what is said
// goes to stderr, so that results stay clean.

/** What is up answers within it, on a busy machine too. */
const SILENT_MS = 2_000;

/** Awaits `work`; says whom it waits for ("Kafka at k1:9092") where that takes long. */
export async function sayWaiting<T>(whom: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => process.stderr.write(`waiting for ${whom}\n`), SILENT_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
