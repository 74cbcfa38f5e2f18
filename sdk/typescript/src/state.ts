// What one process has, however often this package is loaded into it (as a module and by `require`, say).

import type { EngineError } from "./errors.js";
import { Recent } from "./recent.js";
import type { Engine } from "./types.js";

export interface State {
  readonly recent: Recent;
  /** The engine on this machine that answered last. */
  engine: Engine | undefined;
  /** Somebody is looking for one. */
  finding: Promise<Engine> | undefined;
  /** When, in milliseconds, one could not be started: not again at once. */
  failedAt: number;
  failure: EngineError | undefined;
  lease: string | undefined;
  warned: boolean;
}

const KEY = Symbol.for("headroom-ai");

export function state(): State {
  const shared = globalThis as { [KEY]?: State };
  return (shared[KEY] ??= { recent: new Recent(), engine: undefined, finding: undefined, failedAt: -Infinity, failure: undefined, lease: undefined, warned: false });
}
