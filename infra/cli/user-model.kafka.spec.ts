// The tutorial's own model file and configuration, as they stand there, live on Kafka by the commands
// that a user types: what it says equals what the backtest said. Then a stranger's message, what
// `tapedeck dlq` tells of it, and what the guide's own fix makes of it.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readAll } from "../../streams/testing/log-fixtures.ts";
import { describeKafka, freshPrefix } from "../broker/testing.ts";
import { type FaultProcess, FaultProcesses } from "../faults/processes.ts";
import {
  openStrangeProducer,
  type StrangeProducer,
} from "../kafka/dlq/testing/strange-producer.ts";
import { type KafkaSession, openKafka } from "../kafka/session.ts";
import { openView } from "../run/run-view.ts";

const COMMAND = join(import.meta.dirname, "tapedeck.ts");
const DOCS = join(import.meta.dirname, "../../docs");

/** The first block of a page in that language. */
function block(page: string, language: string): string {
  const source = readFileSync(join(DOCS, page), "utf8");
  const text = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(source)?.[1];
  if (text === undefined) throw new Error(`${page} has no ${language}`);
  return text;
}

describeKafka("a user's model from the tutorial", ({ brokers, registry }) => {
  const prefix = freshPrefix();
  const app = prefix.slice(0, -1);
  const folder = mkdtempSync(join(tmpdir(), "tapedeck-user-"));
  const where = ["--prefix", prefix, "--app", app, "--cluster", "cluster.yaml"];
  let processes: FaultProcesses;
  let session: KafkaSession;
  let stranger: StrangeProducer;
  let service: FaultProcess;

  /** Runs a command in the user's folder; its exit code and output. */
  const tapedeck = (...words: readonly string[]) =>
    new Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>(
      (resolve) => {
        const child = spawn(process.execPath, [COMMAND, ...words], { cwd: folder });
        let [out, err] = ["", ""];
        child.stdout.on("data", (text) => {
          out += text;
        });
        child.stderr.on("data", (text) => {
          err += text;
        });
        child.on("close", (code) => resolve({ code, out, err }));
      },
    );
  async function succeed(...words: readonly string[]): Promise<string> {
    const { code, out, err } = await tapedeck(...words);
    expect([code, err], words.join(" ")).toEqual([0, expect.any(String)]);
    return out;
  }

  beforeAll(async () => {
    writeFileSync(join(folder, "calm-trend.ts"), block("tutorial.md", "ts"));
    writeFileSync(join(folder, "calm-trend.yaml"), block("tutorial.md", "yaml"));
    writeFileSync(join(folder, "fix.ts"), block("dead-letters.md", "ts"));
    writeFileSync(join(folder, "null.ts"), "export default () => null;\n");
    const one = "replicationFactor: 1\nminInsyncReplicas: 1";
    const text = `brokers: [${brokers.join(", ")}]\nregistry: { url: "${registry}" }\n${one}\n`;
    writeFileSync(join(folder, "cluster.yaml"), text);
    await succeed("simulate", "--tape", "tape", "--seed", "7", "--days", "3");
    await succeed("schemas", "publish", "--registry", registry);
    await succeed("topics", "apply", "--config", "calm-trend.yaml", "--yes", ...where);
    session = await openKafka({ cluster: join(folder, "cluster.yaml") });
    stranger = await openStrangeProducer(brokers);
    processes = new FaultProcesses(join(folder, "processes"));
    const args = ["run", join(folder, "calm-trend.yaml"), "--metrics", "0", ...where.slice(0, 4)];
    const places = ["--cluster", join(folder, "cluster.yaml"), "--root", join(folder, "root")];
    service = await processes.start({ name: "run", script: COMMAND, args: [...args, ...places] });
  });
  afterAll(async () => {
    await processes.close();
    await stranger.close();
    const admin = await session.connection.admin();
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(app));
    await admin.deleteTopics({ topics });
    await session.close();
    rmSync(folder, { recursive: true });
  });

  test("says live what it said in the backtest, byte for byte", async () => {
    await succeed("backtest", "calm-trend.yaml");
    await succeed("play", "tape", "--speed", "max", ...where);
    const { log: embedded } = await openView("latest", join(folder, ".tapedeck"));
    const live = session.log(app, prefix);
    const wanted = await readAll(embedded, "signals", 0, 0);
    const stop = { aborted: false, onabort: null };
    await live.follow("signals", 0, wanted.end - 1, stop);
    const found = await readAll(live, "signals", 0, 0);
    expect(wanted.end).toBeGreaterThan(100);
    expect(found.end).toBe(wanted.end);
    expect(Buffer.compare(found.bytes, wanted.bytes)).toBe(0);
    console.log(`${found.end} signals of the tutorial's model, the same live and in the backtest`);
    await live.close();
    await embedded.close();
  });

  test("a stranger's message is listed, shown, held to a dry run, mended and done with", async () => {
    const value = Buffer.from('{"symbol":"SIM1","price":1000,"quantity":7}');
    const message = {
      key: Buffer.from("SIM1"),
      value,
      headers: [],
      timestampMs: 1_704_300_000_000,
    };
    const live = session.log(app, prefix);
    const held = (await live.partitions()).filter(({ topic }) => topic === "tape.dead-letters");
    const at = await stranger.send(`${prefix}market.ticks`, 0, message);
    const stop = { aborted: false, onabort: null };
    const grown = held.map(async ({ topic, partition, end }) => {
      await live.follow(topic, partition, end, stop);
      return `${partition}/${end}`;
    });
    const id = await Promise.race(grown);
    // Ends the others.
    await live.close();
    const list = await succeed("dlq", "list", ...where);
    expect(list).toMatch(
      new RegExp(`^${id} +\\S+ +market.ticks/0/${at} +WIRE_HEADER_MISSING`, "m"),
    );
    expect(list).toMatch(/^WIRE_HEADER_MISSING +1$/m);
    expect(JSON.parse(await succeed("--json", "dlq", "list", "--code", "X", ...where))).toEqual({
      letters: [],
      counts: {},
    });
    const shown = await succeed("dlq", "show", id, ...where);
    expect(shown).toContain(`market.ticks/0, Kafka offset ${at}`);
    expect(shown).toContain("write events through Tapedeck");
    expect(shown).toMatch(/7b 22 73 79 6d 62 6f 6c/);
    expect(shown).toMatch(/byte 5 +symbol:/);
    const raw = await succeed("dlq", "show", id, "--raw", ...where);
    expect(raw).toBe(value.toString());
    const still = await tapedeck("dlq", "redrive", "--all", ...where);
    expect([still.code, still.out]).toEqual([7, expect.stringContaining("1 still fails")]);
    const dropped = await succeed("dlq", "redrive", "--all", "--fix", "null.ts", ...where);
    expect(dropped).toContain("1 dropped");
    const unasked = await succeed("dlq", "redrive", "--all", "--fix", "fix.ts", ...where);
    expect(unasked).toContain("0 redriven, 0 dropped");
    const fixed = ["--fix", "fix.ts", ...where];
    const plan = await succeed("dlq", "redrive", id, "--dry-run", ...fixed);
    expect(plan).toContain("1 would be redriven");
    const done = await succeed("dlq", "redrive", id, ...fixed);
    expect(done).toMatch(/to market.ticks\/0\/\d+/);
    expect(await succeed("dlq", "list", ...where)).toMatch(/redriven to market.ticks\/0\/\d+/);
    const again = await tapedeck("dlq", "redrive", id, ...fixed);
    expect([again.code, again.err]).toEqual([2, expect.stringContaining("is not open: redriven")]);
    for (const words of [["redrive"], ["redrive", "--all", id], ["show", "9/9"], ["show", "x"]]) {
      expect((await tapedeck("dlq", ...words, ...where)).code, words.join(" ")).toBe(2);
    }
  });

  test("the run is proven with what was redriven, and ends when it is told to", async () => {
    const root = ["--root", join(folder, "root"), "--cluster", "cluster.yaml"];
    expect(await succeed("verify", "--live", app, ...root)).toContain("identical");
    expect(await service.terminate()).toEqual({ code: 0, signal: null });
  });

  test("dead letters of a backtest are listed too", async () => {
    expect(await succeed("dlq", "list", "--run", "latest")).toBe("no dead letters\n");
  });
});
