// What one process has, however often this package is loaded into it (as a module and by `require`, say).
import { Recent } from "./recent.js";
const KEY = Symbol.for("headroom-ai");
export function state() {
    const shared = globalThis;
    return (shared[KEY] ??= { recent: new Recent(), engine: undefined, finding: undefined, failedAt: -Infinity, failure: undefined, lease: undefined, warned: false });
}
