// When all events of an instant are there. Promises: it follows from the events alone, whatever the number of partitions
// and wherever batches end; no clock decides it.
//
// The rule. One topic announces, another answers, and in the one order all that is announced of an instant comes
// before the first answer of it: so it is known how many answers to wait for. A symbol that is not announced is not
// waited for. Where that order does not hold (bars built from ticks are known at their symbol's own next print),
// every symbol is waited for that has been seen.
//
// A symbol whose answer does not come is waited for until the first announcement of a later instant, and then not
// again before it has answered.

export interface Instants {
  instantUs: number;
  /** Symbols whose answers the instant still lacks. */
  readonly awaited: Map<string, true>;
  /** Every symbol seen; true for those that were last waited for in vain. */
  readonly silent: Map<string, boolean>;
}

export const noInstants = (): Instants => ({
  instantUs: -1,
  awaited: new Map(),
  silent: new Map(),
});

/** `ofAll`: every symbol seen is waited for. True if it begins a later instant. */
export function announce(
  state: Instants,
  symbol: string,
  instantUs: number,
  ofAll: boolean,
): boolean {
  const { awaited, silent } = state;
  const later = instantUs > state.instantUs;
  if (later) {
    for (const missing of awaited.keys()) silent.set(missing, true);
    awaited.clear();
    state.instantUs = instantUs;
    if (ofAll) for (const [each, isSilent] of silent) if (!isSilent) awaited.set(each, true);
  }
  if (instantUs === state.instantUs && silent.get(symbol) !== true) awaited.set(symbol, true);
  return later;
}

/** True if nothing is waited for any more. */
export function answered(state: Instants, symbol: string, instantUs: number): boolean {
  if (state.silent.get(symbol) !== false) state.silent.set(symbol, false);
  if (instantUs === state.instantUs) state.awaited.delete(symbol);
  return state.awaited.size === 0;
}
