// Whether a Docker engine answers on this machine. Promises: asks the engine itself, by the address that
// its clients use; costs nothing where there is no socket of one.

import { existsSync } from "node:fs";
import { type RequestOptions, request } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";

const SOCKETS = ["/var/run/docker.sock", join(homedir(), ".docker/run/docker.sock")];
const ANSWER_MS = 3000;

export async function dockerAnswers(env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  const addresses = addressesOf(env.DOCKER_HOST);
  const answers = await Promise.all(addresses.map(ping));
  return answers.includes(true);
}

function addressesOf(host: string | undefined): readonly RequestOptions[] {
  if (host === undefined || host === "") {
    return SOCKETS.filter(existsSync).map((socketPath) => ({ socketPath }));
  }
  if (host.startsWith("unix://")) return [{ socketPath: host.slice("unix://".length) }];
  if (!URL.canParse(host)) return [];
  // An engine behind TLS or ssh is testcontainers' to reach; that one is named at all must do.
  const { hostname, port } = new URL(host);
  return [{ host: hostname, port: port === "" ? 2375 : Number(port) }];
}

/** An engine says OK to this; anything that speaks HTTP there counts as one. */
function ping(address: RequestOptions): Promise<boolean> {
  return new Promise((done) => {
    const asked = request({ ...address, path: "/_ping", timeout: ANSWER_MS }, (response) => {
      response.resume();
      done((response.statusCode ?? 500) < 500);
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => done(false));
    asked.end();
  });
}
