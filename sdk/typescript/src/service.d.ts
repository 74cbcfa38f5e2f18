import type { Edit, Engine, EngineOptions, Failure, Settings } from "./types.js";
/** What an engine answered to `/v1/compress`. */
export interface Decided {
    readonly engine: Engine;
    readonly tokensBefore: number;
    readonly tokensAfter: number;
    readonly edits: readonly Edit[];
    readonly failures: readonly Failure[];
}
/** Ask an engine for its edits. Rejects with an `EngineError`, or what the signal was aborted with. */
export declare function decide(body: string, options: EngineOptions): Promise<Decided>;
/** Ask for an original. */
export declare function original(handle: string, slice: Readonly<Record<string, string>>, options: EngineOptions): Promise<string>;
/** Settings under the engine's names. */
export declare function named(settings: Settings): Record<string, unknown>;
