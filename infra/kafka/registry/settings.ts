// Where the schema registry is and how it is asked. Promises: nothing here is ever printed but the
// address, and the address without a name or password that someone wrote into it.

import { TapedeckError } from "../../../schemas/errors.ts";

export type RegistryCredentials =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

export interface RegistrySettings {
  /** http or https, with the path of its Confluent-compatible interface: no slash at the end. */
  readonly url: string;
  readonly credentials: RegistryCredentials | null;
  /** PEM texts: whose signature is trusted, and who we are. Null: the system's authorities. */
  readonly tls: {
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
  } | null;
  /** Put before every subject, for a registry that several installations share. */
  readonly subjectPrefix: string;
  /** One request, from its start to its last byte. */
  readonly requestTimeoutMs: number;
  /** All tries of one request together. */
  readonly patienceMs: number;
}

const REQUEST_TIMEOUT_MS = 5_000;
const PATIENCE_MS = 15_000;

/**
 * Settings from an address; a name and password in it become credentials.
 * Throws REGISTRY_NOT_CONFIGURED where it is no http or https address.
 */
export function registryAt(
  address: string,
  other: Partial<Omit<RegistrySettings, "url">> = {},
): RegistrySettings {
  const url = URL.canParse(address) ? new URL(address) : null;
  // A password may stand in it, so that only what surely is none is shown.
  const shown = address.includes("@") ? "the registry's address" : `"${address}"`;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new TapedeckError("REGISTRY_NOT_CONFIGURED", `${shown} is no http or https address`);
  }
  let written: RegistryCredentials | null = null;
  try {
    const [username, password] = [url.username, url.password].map(decodeURIComponent);
    if (username) written = { kind: "basic", username, password: password ?? "" };
  } catch {
    const what = `${shown} holds a user or password that is not percent-encoded`;
    throw new TapedeckError("REGISTRY_NOT_CONFIGURED", what);
  }
  return {
    url: `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, "")}`,
    credentials: other.credentials ?? written,
    tls: other.tls ?? null,
    subjectPrefix: other.subjectPrefix ?? "",
    requestTimeoutMs: other.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    patienceMs: other.patienceMs ?? PATIENCE_MS,
  };
}
