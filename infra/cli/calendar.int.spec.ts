import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { tapedeckIn } from "./testing/run-command.ts";

const { tapedeck, json } = tapedeckIn(tmpdir);

interface Year {
  readonly sessions: readonly { readonly date: string; readonly open: string }[];
  readonly closed: readonly { readonly date: string; readonly why: string }[];
  readonly earlyCloses: readonly string[];
}

describe("calendar", () => {
  test("names what there is", () => {
    expect(tapedeck("calendar").out.split("\n")).toContain("XNYS");
    expect(json<string[]>("calendar")).toContain("24x5");
  });

  test("prints a year: its sessions, when they end early, and why there is none", () => {
    const found = json<Year>("calendar", "XNYS", "--year", "2012");
    expect(found.sessions).toHaveLength(250);
    expect(found.sessions[0]).toMatchObject({ date: "2012-01-03", open: "2012-01-03T14:30:00Z" });
    expect(found.closed).toContainEqual({ date: "2012-10-29", why: "Hurricane Sandy" });
    expect(found.earlyCloses).toEqual(["2012-07-03", "2012-11-23", "2012-12-24"]);
    const { out } = tapedeck("calendar", "XNYS", "--year", "2012");
    expect(out).toMatch(/^2012-11-23 .*ends early$/m);
    expect(out).toMatch(/^2012-10-30 {2}Hurricane Sandy$/m);
    expect(json<Year>("calendar", "24x5", "--year", "2021").sessions).toHaveLength(261);
  });

  test("says which calendars it knows, and which years", () => {
    const unknown = tapedeck("calendar", "XLON");
    expect(unknown.status).toBe(2);
    expect(unknown.err).toContain("the calendar XLON is not known; known are 24x7, 24x5, XNYS");
    expect(tapedeck("calendar", "XNYS", "--year", "1912").err).toContain(
      "a year from 1971 to 2099",
    );
  });
});
