// Ports for servers that keep theirs through a restart. Promises: free when asked, and outside the
// range from which the system takes ports for outgoing connections, so that no client's socket sits on
// a broker's port while the broker is down.

import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const LOWEST = 12_000;
const TRIES = 200;

/** Where the system's own choice begins; 32,768 is Linux's default, and below everyone else's. */
function firstEphemeralPort(): number {
  try {
    const range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
    const first = Number(range.split(/\s+/)[0]);
    return first > LOWEST + 1000 ? first : 32_768;
  } catch {
    return 32_768;
  }
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.close(() => done(true));
    });
  });
}

/** So many free ports of 127.0.0.1, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const above = firstEphemeralPort();
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries++) {
    if (tries > TRIES * count) throw new Error(`no free port from ${LOWEST} to ${above - 1}`);
    const port = LOWEST + Math.floor(Math.random() * (above - LOWEST));
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}
