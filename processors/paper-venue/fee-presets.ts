// Fee schedules named after what they imitate; docs/venue.md says what each leaves out. Amounts are in the
// instrument's currency, which the originals give in US dollars.
//
// - ib-fixed-us, ib-tiered-us: Interactive Brokers, commissions for stocks of the United States, fixed and tiered, per
//   share and order; fees of exchanges, clearing and regulators are not in it. Source: interactivebrokers.co.uk,
//   en/pricing/commissions-stocks.php?re=amer, whose three fixed examples are in the test. Where the
//   maximum is below the minimum, the maximum is charged.
// - binance-spot: a regular user on Binance's spot market, 0.1 % for makers and takers, without the discount for paying in
//   BNB. Source: posts on Binance Square, binance.bh/en-AE/square/post/32297519585338 and bbapi.viigoo.eu.org/en/square/
//   post/25291916660562, which agree; the exchange's own schedule, binance.com/en/fee/schedule, was not read.

import type { FeeRate, FeeSchedule, FeeTier } from "../venue-config.ts";

const flat = (rate: FeeRate, from = 0): FeeTier => ({ from, maker: rate, taker: rate });
const perShare = (perUnitMicros: number, from = 0): FeeTier =>
  flat({ valuePerBillion: 0, perUnitMicros }, from);

const plain: Omit<FeeSchedule, "tiers"> = {
  tierBy: "QUANTITY",
  perOrderMicros: 0,
  minimumMicros: null,
  maximumPerMillion: null,
  rounding: "HALF_EVEN",
};

export const feePresets = {
  zero: { ...plain, tiers: [perShare(0)] },
  "ib-fixed-us": {
    ...plain,
    tiers: [perShare(5_000)],
    minimumMicros: 1_000_000,
    maximumPerMillion: 10_000,
  },
  "ib-tiered-us": {
    ...plain,
    tiers: [
      perShare(3_500),
      perShare(2_000, 300_000),
      perShare(1_500, 3_000_000),
      perShare(1_000, 20_000_000),
      perShare(500, 100_000_000),
    ],
    minimumMicros: 350_000,
    maximumPerMillion: 10_000,
  },
  "binance-spot": { ...plain, tiers: [flat({ valuePerBillion: 1_000_000, perUnitMicros: 0 })] },
} as const satisfies Readonly<Record<string, FeeSchedule>>;
