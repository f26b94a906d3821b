// What a live run is made of, before it is started: its topics, and what is known of it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadConfig } from "../../config/load-config.ts";
import { planLive, readLive } from "./live-run.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-live-run-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("all the topics that are missing are named at once, as the cluster calls them", async () => {
  const path = join(folder, "run.yaml");
  writeFileSync(path, "tape: .\n");
  const config = await loadConfig(path);
  const there = (topic: string) => (/orders|admissions|market\.ticks/.test(topic) ? null : 1);
  const planned = planLive(config, { app: "k", prefix: "k." }, [], async (topic) => there(topic));
  await expect(planned).rejects.toMatchObject({
    code: "KAFKA_TOPIC_MISSING",
    message: "the cluster has no topic k.market.ticks, k.orders, k.tape.admissions",
    next: expect.stringContaining("tapedeck topics apply --config"),
  });
});

test("an application that never ran here is told apart from a run's id", () => {
  const root = join(folder, "none");
  expect(() => readLive(root, "nonesuch")).toThrow(
    expect.objectContaining({ code: "LIVE_UNKNOWN", message: expect.stringContaining("nonesuch") }),
  );
});
