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
export declare function state(): State;
