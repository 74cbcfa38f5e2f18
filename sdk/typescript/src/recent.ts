// What this process let out lately: for each message, in its place in its conversation, what it became.
//
// The engine keeps every decision for ever. It cannot know of a message that went out while no engine was there, or whose
// answer came too late, and without an engine nobody else knows what earlier messages became. Either would change what a
// provider has had already, and cost its cache or, where reasoning is signed, the request. So the first thing that a
// message became here stays, in this process.
//
// Rules:
// * A message is known by a hash over itself and all before it. What moves from turn to turn without a model reading it
//   (cache marks, a string that becomes one text block) is not in the hash.
// * It is bounded: what was not asked for the longest goes first. Texts that stayed as they were cost nothing but a key.

import { createHash } from "node:crypto";

import { canonical } from "./encoding.js";
import type { Inner } from "./paths.js";

const MOST = 16 * 2 ** 20; // characters: some fifty long conversations
const KEY = 200; // what an entry without a text takes, in bytes, about

/** What a message became. */
export interface Became {
  readonly edits: readonly Inner[];
  /** Whether the engine knows: `false` where it never answered, so that it has to be told. */
  readonly told: boolean;
}

export class Recent {
  readonly #entries = new Map<string, Became>();
  #size = 0;

  get(key: string): Became | undefined {
    const entry = this.#entries.get(key);
    if (entry) {
      this.#entries.delete(key); // to the end: asked for last
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** Keep what a message became, unless that is known already; what counts comes back. */
  settle(key: string, became: Became): Became {
    const known = this.get(key);
    if (known) return known;
    this.#entries.set(key, became);
    this.#size += sizeOf(became);
    for (const [oldest, entry] of this.#entries) {
      if (this.#size <= MOST) break;
      this.#entries.delete(oldest);
      this.#size -= sizeOf(entry);
    }
    return became;
  }
}

/**
 * A key for each message.
 *
 * `chained`: over everything before it as well. Otherwise each stands for itself, where the provider holds what came before.
 * A message that cannot be written down has no key, and nothing after it has one.
 */
export function keysOf(messages: readonly unknown[], chained: boolean): (string | undefined)[] {
  let before: string | undefined = "";
  return messages.map((message) => {
    if (before === undefined) return undefined;
    let key: string | undefined;
    try {
      key = createHash("sha256").update(before).update(canonical(message)).digest("base64url");
    } catch {
      key = undefined;
    }
    if (chained) before = key;
    return key;
  });
}

function sizeOf(became: Became): number {
  return became.edits.reduce((size, edit) => size + edit.text.length + KEY, KEY);
}
