// A certificate authority of a test's own. Promises: PEM files that Kafka, Node and openssl read: the
// authority's, the brokers' (for 127.0.0.1 and localhost), a client's; they are good for two days.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TapedeckError } from "../../schemas/errors.ts";

/** Paths of PEM files. */
export interface Certificates {
  readonly ca: string;
  /** The brokers' key and certificate in one file, as Kafka wants it. */
  readonly broker: string;
  readonly clientKey: string;
  readonly clientCert: string;
}

const OPENSSL_MS = 30_000;

/** Makes them in the folder with openssl, in 0.1 s. The client's principal is User:CN=`client`. */
export function makeCertificates(folder: string, client: string): Certificates {
  mkdirSync(folder, { recursive: true });
  const file = (name: string) => join(folder, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-subj",
    "/CN=tapedeck test authority",
    "-keyout",
    file("ca.key"),
    "-out",
    file("ca.pem"),
  );
  const signed = (name: string, subject: string, extensions: string) => {
    writeFileSync(file(`${name}.ext`), extensions);
    const request = [
      "-subj",
      `/CN=${subject}`,
      "-keyout",
      file(`${name}.key`),
      "-out",
      file(`${name}.csr`),
    ];
    openssl("req", ...key, ...request);
    const authority = ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial"];
    openssl(
      "x509",
      "-req",
      "-in",
      file(`${name}.csr`),
      ...authority,
      "-days",
      "2",
      "-extfile",
      file(`${name}.ext`),
      "-out",
      file(`${name}.pem`),
    );
  };
  signed("broker", "127.0.0.1", "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  signed("client", client, "extendedKeyUsage=clientAuth\n");
  const both = readFileSync(file("broker.key"), "utf8") + readFileSync(file("broker.pem"), "utf8");
  writeFileSync(file("broker.store.pem"), both);
  return {
    ca: file("ca.pem"),
    broker: file("broker.store.pem"),
    clientKey: file("client.key"),
    clientCert: file("client.pem"),
  };
}

function openssl(...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync("openssl", args, {
    encoding: "utf8",
    timeout: OPENSSL_MS,
    killSignal: "SIGKILL",
  });
  if (status === 0) return;
  throw new TapedeckError(
    "BROKER_START_FAILED",
    `openssl ${args[0]} failed: ${error?.message ?? stderr.trim().split("\n")[0]}`,
  );
}
