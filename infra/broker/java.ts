// Which Java this machine has. Promises: the newest one found is taken, because a registry may need a
// newer one than the system's own; TAPEDECK_JAVA (a home folder or a `java`) decides where it is set.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { TapedeckError } from "../../schemas/errors.ts";

export interface Java {
  readonly path: string;
  readonly major: number;
  /** In full, as 17.0.15. */
  readonly version: string;
}

/** Where the packages of Linux distributions and of macOS put theirs. */
const HOMES = [
  ["/usr/lib/jvm", "bin/java"],
  ["/Library/Java/JavaVirtualMachines", "Contents/Home/bin/java"],
] as const;

let known: Java | null | undefined;

/** The newest Java on this machine, or null. Asks each one found once a process, 50 ms each. */
export function findJava(): Java | null {
  if (known !== undefined) return known;
  const wanted = process.env.TAPEDECK_JAVA;
  const paths = wanted === undefined ? javaPaths() : [binaryOf(wanted)];
  let newest: Java | null = null;
  for (const path of new Set(paths.filter(existsSync).map((path) => realpathSync(path)))) {
    const java = javaAt(path);
    if (java !== null && java.major > (newest?.major ?? 0)) newest = java;
  }
  known = newest;
  return newest;
}

/** The same, or BROKER_UNAVAILABLE. */
export function requireJava(): Java {
  const java = findJava();
  if (java !== null) return java;
  throw new TapedeckError("BROKER_UNAVAILABLE", "there is no Java on this machine");
}

/** The `mvn` on the path, or null. */
export const findMaven = (): string | null => onPath("mvn");

const binaryOf = (place: string): string =>
  existsSync(place) && statSync(place).isDirectory() ? join(place, "bin", "java") : place;

function javaPaths(): readonly string[] {
  const paths: string[] = [];
  if (process.env.JAVA_HOME !== undefined) paths.push(join(process.env.JAVA_HOME, "bin", "java"));
  const usual = onPath("java");
  if (usual !== null) paths.push(usual);
  for (const [folder, binary] of HOMES) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder)) paths.push(join(folder, name, binary));
  }
  return paths;
}

function onPath(name: string): string | null {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (folder !== "" && existsSync(path)) return path;
  }
  return null;
}

/** Asks the program at the path; null where it does not run. Up to 8 they were called 1.8. */
function javaAt(path: string): Java | null {
  const { stderr } = spawnSync(path, ["-version"], {
    encoding: "utf8",
    timeout: 10_000,
    killSignal: "SIGKILL",
  });
  const [, version, major] = /version "((?:1\.)?(\d+)[^"]*)"/.exec(stderr ?? "") ?? [];
  return version === undefined ? null : { path, major: Number(major), version };
}
