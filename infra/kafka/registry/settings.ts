// Where the schema registry is and how it is asked. Promises: nothing here is ever printed but the
// address, and the address without a name or password that someone wrote into it.

import { TapedeckError } from "../../../schemas/errors.ts";
import type { ClusterConfig, RegistrySettings, TlsSettings } from "../cluster/cluster-config.ts";
import { Secret } from "../cluster/secret.ts";

/** The url has the path of the Confluent-compatible interface, and no slash at its end. */
export interface RegistryAccess extends RegistrySettings {
  /** Whom we trust and who we are, where the url is https; null trusts what Node trusts. */
  readonly tls: TlsSettings | null;
  /** Put before every subject, for a registry that several installations share. */
  readonly subjectPrefix: string;
  /** One request, from its start to its last byte. */
  readonly requestTimeoutMs: number;
  /** All tries of one request together. */
  readonly patienceMs: number;
}

const defaults = {
  auth: null,
  tls: null,
  subjectPrefix: "",
  requestTimeoutMs: 5_000,
  patienceMs: 15_000,
} as const;

export type AccessOptions = Partial<Omit<RegistryAccess, "url">>;

/**
 * Access to the registry at an address; a name and password in it are used.
 * Throws REGISTRY_NOT_CONFIGURED where it is no http or https address.
 */
export function registryAt(address: string, options: AccessOptions = {}): RegistryAccess {
  const url = URL.canParse(address) ? new URL(address) : null;
  // A password may stand in it, so that only what surely is none is shown.
  const shown = address.includes("@") ? "the registry's address" : `"${address}"`;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new TapedeckError("REGISTRY_NOT_CONFIGURED", `${shown} is no http or https address`);
  }
  return {
    ...defaults,
    auth: writtenIn(url, shown),
    ...options,
    url: `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, "")}`,
  };
}

function writtenIn({ username, password }: URL, shown: string): RegistrySettings["auth"] {
  if (username === "") return null;
  try {
    const secret = new Secret(decodeURIComponent(password));
    return { kind: "basic", username: decodeURIComponent(username), password: secret };
  } catch {
    const what = `${shown} holds a user or password that is not percent-encoded`;
    throw new TapedeckError("REGISTRY_NOT_CONFIGURED", what);
  }
}

/** Access to a cluster's registry. Throws REGISTRY_NOT_CONFIGURED where the cluster names none. */
export function registryOf(cluster: ClusterConfig, options: AccessOptions = {}): RegistryAccess {
  const { registry, tls, source } = cluster;
  if (registry === null) {
    throw new TapedeckError("REGISTRY_NOT_CONFIGURED", `${source} names no schema registry`);
  }
  return registryAt(registry.url, { auth: registry.auth, tls, ...options });
}
