// What the log and its writer thread say to each other.

import type { ErrorCode } from "../../schemas/errors.ts";

export type ToWriter =
  /** One transaction; answered by done or failed, in order. */
  | { readonly kind: "write"; readonly buffer: ArrayBuffer; readonly length: number }
  /** After a failure: everything in between was refused, go on from what is on disk. */
  | { readonly kind: "resume" }
  | { readonly kind: "close" };

export type FromWriter =
  | { readonly kind: "ready" }
  /** The log could not be opened for writing; the thread goes. crossed: it may be tried again. */
  | {
      readonly kind: "refused";
      readonly code: ErrorCode;
      readonly message: string;
      readonly crossed: boolean;
    }
  /** On disk: written and synced. The buffer comes back for use. */
  | { readonly kind: "done"; readonly buffer: ArrayBuffer }
  /** Nothing of the group is on disk. full: room made, it may be tried again. */
  | { readonly kind: "failed"; readonly full: boolean; readonly message: string }
  | { readonly kind: "closed" };
