// A book that is rebalanced, with every trigger and filter off: tests turn on what they are about.

import type { RebalanceConfig } from "./sizing-config.ts";

export const noTriggers: RebalanceConfig = {
  driftBps: null,
  driftOfTargetBps: null,
  targetChangeBps: null,
  every: null,
  dayStartUs: 0,
  drawdownBps: null,
  minimumValueMinor: null,
  minimumQuantity: null,
  maxTurnoverBps: null,
  costPerMillion: null,
  riskAversion: 1,
};
