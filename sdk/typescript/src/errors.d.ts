/** What went wrong; the message says what to do. */
export declare class HeadroomError extends Error {
    readonly name: string;
}
/** No engine did the work. */
export declare class EngineError extends HeadroomError {
    readonly name = "EngineError";
    /** The one command that mends it; empty where there is none. */
    readonly fix: string;
    constructor(message: string, fix?: string);
}
