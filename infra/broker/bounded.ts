// Waiting that ends. Promises: what is waited for is not stopped, but whoever waits goes on and says for
// what it waited: a harness that stands still tells nothing.

import { TapedeckError } from "../../schemas/errors.ts";

/** FAULTS_NO_PROGRESS, naming `what`, if `work` has not ended after `ms`; its failure then is nobody's. */
export async function within<T>(ms: number, work: Promise<T>, what: string): Promise<T> {
  work.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = (): TapedeckError =>
      new TapedeckError("FAULTS_NO_PROGRESS", `${what} did not end within ${ms} ms`, { what, ms });
    timer = setTimeout(() => reject(error()), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
