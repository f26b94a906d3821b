// Levies named after what they imitate, with what they were in their time. docs/venue.md says what each leaves out.
//
// - uk-sdrt: Stamp Duty Reserve Tax, 0.5 % of purchases of shares in pounds, to the nearest penny, half a penny up.
//   Source: HMRC, Stamp Taxes on Shares Manual, STSM014030 (rounding, Finance Act 1986 section 99(13)), whose two
//   examples are in the test.
// - us-sells-2021: what brokers pass on of sales of shares in dollars: the SEC's Section 31 fee of 5.10 dollars a million
//   and FINRA's trading activity fee of 0.000119 dollars a share, at most 5.95, each rounded up to the cent. Source:
//   help.heygotrade.com, "What is SEC & FINRA TAF fees?", whose example is in the test; it names no year.

import type { Levy } from "../venue-config.ts";

const dollars = { side: "SELL", currency: "USD", assetClass: "EQUITY", rounding: "UP" } as const;

export const levyPresets = {
  "uk-sdrt": [
    {
      kind: "TAX",
      side: "BUY",
      currency: "GBP",
      assetClass: "EQUITY",
      valuePerBillion: 5_000_000,
      perUnitMicros: 0,
      maximumMicros: null,
      rounding: "HALF_UP",
    },
  ],
  "us-sells-2021": [
    { ...dollars, kind: "FEE", valuePerBillion: 5_100, perUnitMicros: 0, maximumMicros: null },
    { ...dollars, kind: "FEE", valuePerBillion: 0, perUnitMicros: 119, maximumMicros: 5_950_000 },
  ],
} as const satisfies Readonly<Record<string, readonly Levy[]>>;
