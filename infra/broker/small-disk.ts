// A small file system, to be filled. Promises: of that size, in memory, gone after unmounting; says
// beforehand where it cannot be had.

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { TapedeckError } from "../../schemas/errors.ts";

const MOUNT_MS = 30_000;

/** Why there can be none here, or null. */
export function whyNoSmallDisk(): string | null {
  if (process.platform !== "linux") return "a small file system is mounted on Linux only";
  return process.getuid?.() === 0 ? null : "mounting a small file system takes root";
}

export function mountSmallDisk(folder: string, megabytes: number): void {
  mkdirSync(folder, { recursive: true });
  const args = ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder];
  const { status, stderr, error } = spawnSync("mount", args, {
    encoding: "utf8",
    timeout: MOUNT_MS,
    killSignal: "SIGKILL",
  });
  if (status === 0) return;
  throw new TapedeckError(
    "BROKER_START_FAILED",
    `mounting ${megabytes} MB failed: ${error?.message ?? stderr.trim()}`,
  );
}

export function unmount(folder: string): void {
  spawnSync("umount", ["-l", folder], { timeout: MOUNT_MS, killSignal: "SIGKILL" });
}
