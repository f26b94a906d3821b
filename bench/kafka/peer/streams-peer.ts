// Kafka Streams, from Maven Central, compiled at the first use. Promises: the command that runs the
// peer, without its arguments; what was made once is kept beside the broker (infra/broker/install.ts).

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { installed, KAFKA_VERSION } from "../../../infra/broker/install.ts";
import { findJava, findMaven } from "../../../infra/broker/java.ts";

const SOURCE = join(import.meta.dirname, "StreamsCopy.java");
const POM = join(import.meta.dirname, "pom.xml");

function must(command: string, args: readonly string[]): void {
  const { status, stderr, stdout, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return;
  throw error ?? new Error(`${command} ended with ${status}: ${stderr}${stdout}`.slice(0, 2_000));
}

/** Loads about 95 MB the first time. Throws where there is no Java compiler or no Maven. */
export async function streamsCommand(): Promise<readonly string[]> {
  const [java, maven] = [findJava(), findMaven()];
  if (java === null || maven === null) throw new Error("Kafka Streams needs Java 17+ and Maven");
  const jars = await installed(`kafka-streams-${KAFKA_VERSION}`, async (into) => {
    const what = ["dependency:copy-dependencies", "-DincludeScope=runtime"];
    const version = `-Dkafka.version=${KAFKA_VERSION}`;
    must(maven, ["-q", "-B", "-f", POM, version, ...what, `-DoutputDirectory=${into}`]);
  });
  const source = readFileSync(SOURCE);
  const digest = createHash("sha256").update(source).digest("hex").slice(0, 12);
  const classes = await installed(`streams-copy-${digest}`, async (into) => {
    cpSync(SOURCE, join(into, "StreamsCopy.java"));
    const javac = join(java.path, "..", "javac");
    must(javac, ["-cp", `${jars}/*`, "-d", into, SOURCE]);
  });
  return [java.path, "-Xmx1g", "-cp", `${classes}:${jars}/*`, "StreamsCopy"];
}
