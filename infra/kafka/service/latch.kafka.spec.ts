// The latch on a running live flow: what is not committed when the file comes is never seen, not after a restart either;
// released, the flow goes on as if nothing had been.

import { afterAll, beforeAll, expect, test } from "vitest";
import { describeKafka } from "../../broker/testing.ts";
import { latchCheck, releaseLatch, setLatch } from "./latch-file.ts";
import { type LiveFixture, openLiveFixture } from "./testing/live-fixture.ts";
import { verifyLive } from "./verify-live.ts";

const by = (who: string) => ({ who, why: "drill", at: "2026-11-21T20:00:00Z" });
/** Of all tasks together: the flow is under way by then, and far from its end. */
const COMMITS = 8;

describeKafka("a live flow that is latched while it works", ({ brokers }) => {
  let fixture: LiveFixture;
  beforeAll(async () => {
    fixture = await openLiveFixture({ brokers });
    await fixture.feedAll();
  });
  afterAll(() => fixture.close());

  const latched = expect.objectContaining({ code: "LIVE_LATCHED" });

  test("commits nothing more, not after a restart either, and goes on when it is released", async () => {
    const { app, folder, live, run } = fixture;
    const check = latchCheck(folder, app);
    let commits = 0;
    const { service } = fixture.start({
      settings: { waitUs: 20_000, lagWaitUs: 10_000_000, lingerMs: 5, maxEvents: 100 },
      mayCommit: () => {
        if (++commits === COMMITS) setLatch(folder, app, by("ann"));
        check();
      },
    });
    await expect(service.ended).rejects.toEqual(latched);
    await service.stop(5_000);
    const ends = await live.partitions();
    const bars = ends.filter(({ topic }) => topic === "market.bars");
    expect(bars.some(({ end }) => end > 0)).toBe(true); // it had begun

    const again = fixture.start({ mayCommit: check });
    await expect(again.service.ended).rejects.toEqual(latched);
    await again.service.stop(5_000);
    expect(await live.partitions()).toEqual(ends);

    expect(releaseLatch(folder, app, by("bob"))).toBe(true);
    const released = fixture.start({ mayCommit: check });
    await released.quiet();
    await released.service.stop(5_000);
    const verdict = await verifyLive(run, live);
    expect(verdict.differences).toEqual([]);
    expect(verdict.records).toBeGreaterThan(1_000);
    expect(await live.partitions()).not.toEqual(ends);
  });
});
