/** What went wrong; the message says what to do. */
export class HeadroomError extends Error {
  override readonly name: string = "HeadroomError";
}

/** No engine did the work. */
export class EngineError extends HeadroomError {
  override readonly name = "EngineError";
  /** The one command that mends it; empty where there is none. */
  readonly fix: string;

  constructor(message: string, fix = "") {
    super(fix ? `${message}. Fix: ${fix}` : message);
    this.fix = fix;
  }
}
