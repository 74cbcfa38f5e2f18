/** What went wrong; the message says what to do. */
export class HeadroomError extends Error {
    name = "HeadroomError";
}
/** No engine did the work. */
export class EngineError extends HeadroomError {
    name = "EngineError";
    /** The one command that mends it; empty where there is none. */
    fix;
    constructor(message, fix = "") {
        super(fix ? `${message}. Fix: ${fix}` : message);
        this.fix = fix;
    }
}
