// Decimal digits of a currency's minor unit, from ISO 4217 (list one, 2024): 2 unless listed here.

const scales: Readonly<Record<number, string>> = {
  0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
  3: "BHD IQD JOD KWD LYD OMR TND",
  4: "CLF UYW",
};

export function currencyScale(currency: string): number {
  const entry = Object.entries(scales).find(([, codes]) => codes.split(" ").includes(currency));
  return entry === undefined ? 2 : Number(entry[0]);
}
