// Which Java this machine has. Promises: the newest one found is taken, because a registry may need a
// newer one than the system's own; TAPEDECK_JAVA (a home folder or a `java`) decides where it is set.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

export interface Java {
  readonly path: string;
  readonly major: number;
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
    const major = majorOf(path);
    if (major > (newest?.major ?? 0)) newest = { path, major };
  }
  known = newest;
  return newest;
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

/** 17 of `openjdk version "17.0.15"`, 8 of `java version "1.8.0_402"`; 0 where it does not run. */
function majorOf(path: string): number {
  const { stderr } = spawnSync(path, ["-version"], { encoding: "utf8", timeout: 10_000 });
  const version = /version "(?:1\.)?(\d+)/.exec(stderr ?? "")?.[1];
  return Number(version ?? 0);
}
