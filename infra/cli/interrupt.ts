// Ctrl-C and SIGTERM of work that can be gone on with.

/**
 * The first Ctrl-C asks for a stop at the next commit, and says so to `onStop`; the second one ends
 * the process.
 */
export function stopOnInterrupt(onStop: () => void = () => undefined): {
  readonly requested: () => boolean;
  readonly release: () => void;
} {
  let asked = false;
  const onSignal = (): void => {
    if (asked) process.exit(130);
    asked = true;
    process.stderr.write("\nstopping at the next commit; once more to stop at once\n");
    onStop();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    requested: () => asked,
    release() {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
