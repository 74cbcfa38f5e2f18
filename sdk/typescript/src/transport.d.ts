import { EngineError } from "./errors.js";
export interface Answer {
    readonly status: number;
    readonly text: string;
}
/** The engine did not answer in time. What it decides later is never sent. */
export declare class TimeoutError extends EngineError {
}
/** Nothing came back: nobody listens, or whoever did has gone. */
export declare class UnreachableError extends EngineError {
}
export interface Asking {
    readonly method?: "GET" | "POST";
    readonly body?: string;
    readonly token?: string | undefined;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal | undefined;
}
/** The answer to a request. Rejects with `TimeoutError`, `UnreachableError`, or what the signal was aborted with. */
export declare function ask(url: URL, asking: Asking): Promise<Answer>;
