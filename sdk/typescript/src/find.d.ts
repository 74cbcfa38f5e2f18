import type { Engine } from "./types.js";
/** The engine that answered last, or the first to be found. Rejects with an `EngineError` that says what to do. */
export declare function find(): Promise<Engine>;
/** It does not answer any more: look again the next time. */
export declare function forget(engine: Engine): void;
