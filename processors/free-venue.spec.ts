// A venue where trading costs nothing, for specs that add what they are about.

import type { VenueConfig } from "./venue-config.ts";

export const free: VenueConfig = {
  fill: "next-open",
  latencyUs: 1,
  slippageBps: 0,
  participationBps: null,
  feePerMillion: 0,
  minimumFeeMinor: 0,
};
