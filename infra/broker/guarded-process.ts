// A server process that does not outlive this one. Promises: when this process ends, however it ends
// (kill -9 too), the server is killed and its folder removed; until then it can be killed, stopped and
// continued by its own process number.
//
// A shell stands between: it holds the other end of a pipe that only this process keeps open, so the
// end of the file is the end of this process, and no signal handler or heartbeat is needed.

import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/**
 * The guard heeds no signal meant for the server, and the server inherits that from nobody: it tells its
 * number when it heeds signals again, so that none sent to that number is lost.
 * $1 log, $2 folder to remove, $3 where a file system is mounted or "", then the command.
 */
const GUARD = `
trap '' PIPE INT TERM HUP
log=$1 folder=$2 mount=$3; shift 3
child= orphaned=
trap 'orphaned=1; [ -z "$child" ] || kill -KILL "$child"' USR1
exec 3<&0
exec 4>&1
( trap - PIPE INT TERM HUP
  exec /bin/sh -c 'echo "pid $$" >&4; exec "$@" 4>&-' server "$@" ) </dev/null >>"$log" 2>&1 3<&- &
child=$!
exec 4>&-
( read -r _ <&3 || kill -USR1 $$ ) >/dev/null 2>&1 &
watcher=$!
wait "$child"; code=$?
[ -z "$orphaned" ] || wait "$child"
child=
echo "exit $code"
wait "$watcher"
if [ -n "$orphaned" ]; then
  [ -z "$mount" ] || umount -l "$mount"
  rm -rf "$folder"
  rmdir "$(dirname "$folder")"
fi 2>/dev/null
`;

export interface Running {
  readonly pid: number;
  readonly alive: boolean;
  /** Resolves when the process has ended, with its exit code; above 128 for a signal. */
  readonly ended: Promise<number>;
  signal(name: "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGTERM"): void;
  /** Kills the process if it runs, and lets its folder be. */
  release(): Promise<void>;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** Standard output and error are appended to it. */
  readonly logFile: string;
  /** Removed if this process ends before the server is released; its parent too, once empty. */
  readonly folder: string;
  /** A mount point inside the folder, to unmount before. */
  readonly mount?: string;
}

export function launchGuarded(launch: Launch): Promise<Running> {
  const words = [launch.logFile, launch.folder, launch.mount ?? "", launch.command, ...launch.args];
  // A process group of its own: Ctrl-C reaches us, and our end reaches the guard.
  const guard = spawn("/bin/sh", ["-c", GUARD, "tapedeck-guard", ...words], {
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  guard.stdin.on("error", () => undefined);

  return new Promise((started, failed) => {
    let pid = 0;
    let alive = true;
    let said = "";
    let end = (_code: number): void => undefined;
    const ended = new Promise<number>((resolve) => {
      end = resolve;
    });
    const running: Running = {
      get pid() {
        return pid;
      },
      get alive() {
        return alive;
      },
      ended,
      signal(name) {
        if (alive) send(pid, name);
      },
      async release() {
        if (alive) send(pid, "SIGKILL");
        await ended;
        guard.stdin.end("keep\n");
      },
    };
    guard.once("error", failed);
    guard.once("exit", () => {
      alive = false;
      end(-1);
    });
    guard.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const lines = said.split("\n");
      said = lines.pop() ?? "";
      for (const line of lines) {
        const [word, value = ""] = line.split(" ");
        if (word === "pid") {
          pid = Number(value);
          started(running);
        } else if (word === "exit") {
          alive = false;
          end(Number(value));
        }
      }
    });
  });
}

/** It may have ended while we looked. */
function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The same without a guard: it goes on when this process ends. Gives the process number. */
export function launchDetached(launch: Omit<Launch, "folder" | "mount">): number {
  const log = openSync(launch.logFile, "a");
  const child = spawn(launch.command, [...launch.args], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  child.on("error", () => undefined);
  child.unref();
  return child.pid ?? 0;
}
