// Decimal digits of a currency's minor unit, from ISO 4217 (list one, 2024): 2 unless listed here. Coins are
// no part of that standard: those listed have 8 digits, as exchanges account for them.

const coins = "ADA BCH BNB BTC DOT ETH LTC SOL XBT XRP";

const scales: Readonly<Record<number, string>> = {
  0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
  3: "BHD IQD JOD KWD LYD OMR TND",
  4: "CLF UYW",
  8: coins,
};

export const isCoin = (currency: string): boolean => coins.split(" ").includes(currency);

export function currencyScale(currency: string): number {
  const entry = Object.entries(scales).find(([, codes]) => codes.split(" ").includes(currency));
  return entry === undefined ? 2 : Number(entry[0]);
}
