// The command line's words: what is allowed, and that nothing else is.
import { describe, expect, test } from "vitest";
import { defaultOptions } from "./import-options.ts";
import { parseImportOptions, type RawOptions } from "./parse-options.ts";

const parse = (raw: Partial<RawOptions>) => parseImportOptions({ as: "bars", ...raw });

describe("import options", () => {
  test("left out are the documented defaults", () => {
    expect(parse({})).toEqual(defaultOptions("bars"));
  });

  test("are read", () => {
    const read = parse({
      symbol: "BAC, IBM",
      map: "price=px,time=ts=1",
      columns: "a,b",
      delimiter: "tab",
      interval: "4h",
      priceScale: "4",
      session: "08:00-16:30",
      exchangeZone: "Europe/London",
      currency: "JPY",
      assetClass: "future",
    });
    expect(read).toMatchObject({
      symbols: ["BAC", "IBM"],
      map: new Map([
        ["price", "px"],
        ["time", "ts=1"],
      ]),
      columns: ["a", "b"],
      delimiter: "\t",
      intervalUs: 4 * 3_600_000_000,
      priceScale: 4,
    });
    expect(read.instrument).toMatchObject({
      currencyScale: 0,
      assetClass: "FUTURE",
      timeZone: "Europe/London",
      session: { openUs: 8 * 3_600_000_000, closeUs: 16.5 * 3_600_000_000 },
    });
    expect(parse({ calendar: "24x7" }).instrument).toMatchObject({
      timeZone: "UTC",
      session: { openUs: 0, closeUs: 86_400_000_000 },
    });
  });

  test.each([
    ["USD", 2],
    ["JPY", 0],
    ["HUF", 2],
    ["IDR", 2],
    ["IQD", 3],
  ])("%s has the %i decimals of ISO 4217, as the portfolio's currency has", (currency, digits) => {
    expect(parse({ currency }).instrument.currencyScale).toBe(digits);
  });

  test.each<Partial<RawOptions>>([
    { as: "trades" },
    { map: "prize=px" },
    { map: "price" },
    { map: "__proto__=px" },
    { delimiter: "ab" },
    { delimiter: "1" },
    { timeUnit: "days" },
    { interval: "0m" },
    { interval: "1w" },
    { interval: "48h" },
    { barTime: "middle" },
    { priceScale: "10" },
    { priceScale: "-1" },
    { quantityScale: "2.5" },
    { assetClass: "bond" },
    { currency: "XXQ" },
    { multiplier: "0" },
    { calendar: "new york" },
    { session: "16:00-09:30" },
    { session: "09:30-25:00" },
    { session: "nine to five" },
    { partitions: "0" },
  ])("%o is refused", (raw) => {
    expect(() => parse(raw)).toThrow(expect.objectContaining({ code: "IMPORT_OPTION_INVALID" }));
  });
});

describe("what settles otherwise", () => {
  test("is spot without a word, and what the words say with them", () => {
    expect(parse({}).instrument.terms).toEqual({
      contract: "SPOT",
      expiryUs: null,
      baseCurrency: "",
      baseScale: 0,
    });
    expect(
      parse({ contract: "inverse", currency: "BTC", expiry: "1970-01-01T00:00:01Z" }).instrument,
    ).toMatchObject({
      currencyScale: 8,
      terms: { contract: "INVERSE", expiryUs: 1_000_000 },
    });
    expect(parse({ contract: "exchange", baseCurrency: "JPY" }).instrument.terms).toMatchObject({
      contract: "EXCHANGE",
      baseCurrency: "JPY",
      baseScale: 0,
    });
  });

  test("may be said of some symbols only", () => {
    const others = new Map([["SIE", { currency: "EUR" }]]);
    const { instrument, instruments } = parseImportOptions({ as: "bars" }, others);
    expect(instrument.currency).toBe("USD");
    expect(instruments?.get("SIE")).toMatchObject({ currency: "EUR", assetClass: "EQUITY" });
  });

  test.each([
    [{ contract: "swap" }, "--contract"],
    [{ expiry: "2024-06-21" }, "--expiry"],
    [{ contract: "linear", expiry: "soon" }, "--expiry"],
    [{ baseCurrency: "EUR" }, "--base-currency"],
    [{ contract: "exchange" }, "--base-currency"],
    [{ contract: "exchange", baseCurrency: "USD" }, "--base-currency"],
    [{ contract: "exchange", baseCurrency: "EURO" }, "--base-currency"],
  ])("%j is refused by its option", (raw, option) => {
    expect(() => parse(raw)).toThrowError(
      expect.objectContaining({
        code: "IMPORT_OPTION_INVALID",
        message: expect.stringContaining(option),
      }),
    );
  });
});
