/** Keys and indices from the list of messages to a string: `[3, "content", 0, "text"]`. */
export type Path = readonly (string | number)[];
/** One text replaced by a shorter one. */
export interface Edit {
    readonly path: Path;
    /** What the model reads now. */
    readonly text: string;
    /** The compressors that had a part in it, joined by `+`: `repeats+logs`. */
    readonly compressor: string;
    readonly lossless: boolean;
    /** Gives back the text as it was: `retrieve(handle)`. */
    readonly handle: string;
    /** Counted with cl100k, whatever the model. */
    readonly tokensBefore: number;
    readonly tokensAfter: number;
}
/** Something went wrong; what it concerns went out as it came. */
export interface Failure {
    /** What failed: `engine`, `sdk`, `wire`, `store`, or a compressor's name. */
    readonly where: string;
    /** What to know about it, without any of the payload. */
    readonly reason: string;
    readonly path: Path;
}
/** The engine that did the work. */
export interface Engine {
    readonly url: string;
    readonly version: string;
}
/** What was done to the messages. */
export interface Report {
    /** Tokens of all texts as they came, for the model if its vocabulary is public; `null` where no engine counted. */
    readonly tokensBefore: number | null;
    readonly tokensAfter: number | null;
    /** Tokens saved. */
    readonly saved: number;
    readonly edits: readonly Edit[];
    readonly failures: readonly Failure[];
    /** `null`: no engine was there, and nothing new was compressed. `failures` says why. */
    readonly engine: Engine | null;
}
/** The messages: a plain array, to be sent as it is. What was done to them stands on it, out of the way of spreads and JSON. */
export type Compressed<M> = M[] & Report;
export type Level = "lossless" | "balanced" | "aggressive";
export type Treatment = "off" | "exact" | Level;
/** What may be done to which text; what is left out is as the engine's own configuration says. */
export interface Settings {
    /** `lossless`: only folds that can be read back in place. `balanced`: plus elision with a handle. `aggressive`: more. */
    readonly level?: Level | undefined;
    /** Replace lines that this conversation has already shown by a reference to them. */
    readonly repeats?: boolean | undefined;
    /** Whether the model can ask for originals. Where it cannot, nothing is left out. */
    readonly retrieval?: boolean | undefined;
    /** Compress clearly delimited documents in what the user sent. */
    readonly documents?: boolean | undefined;
    /** Texts below this many tokens stay as they are. */
    readonly minTokens?: number | undefined;
    /** Results flagged as errors stay as they are up to this size. */
    readonly errorTokens?: number | undefined;
    /** Texts above this many characters stay as they are. */
    readonly maxChars?: number | undefined;
    /** Tool name pattern to treatment: `{ "mcp__db__*": "lossless" }`. */
    readonly tools?: Readonly<Record<string, Treatment>> | undefined;
    /** Compressor name to treatment: `{ logs: "off" }`. */
    readonly kinds?: Readonly<Record<string, Treatment>> | undefined;
}
/** How to reach an engine. */
export interface EngineOptions {
    /** Where an engine listens. Default: `HEADROOM_URL`, else one on this machine, started if need be. */
    readonly baseUrl?: string | undefined;
    /** What an engine beyond this machine asks for. Default: `HEADROOM_TOKEN`. */
    readonly token?: string | undefined;
    /** Milliseconds after which nobody waits for the engine. Default: 20000. */
    readonly timeoutMs?: number | undefined;
    /** Aborting it rejects the call. */
    readonly signal?: AbortSignal | undefined;
}
export interface CompressOptions extends EngineOptions {
    /** Counts tokens for this model in the report; changes no decision. */
    readonly model?: string | undefined;
    readonly settings?: Settings | undefined;
    /** Reject where no engine did the work, instead of giving the messages back as they came. */
    readonly required?: boolean | undefined;
    /**
     * Messages, from the first, that a provider has had already: what nobody decided about there was sent without us, and
     * stays. `"answered"`: all up to the model's last. Default: 0, as for a conversation that is compressed from its start.
     */
    readonly sent?: number | "answered" | undefined;
}
/** How the adapters are set: as `compress`, with a listener. */
export interface AdapterOptions extends Omit<CompressOptions, "signal" | "model" | "sent"> {
    /** Called for every request with what was done to it. */
    readonly onCompressed?: ((report: Report) => void) | undefined;
}
/** A part of an original. Without one, all of it. */
export interface Slice {
    /** `"41-388"`, `"41"`, `"41-"`, `"-20"`, `"1-5,9"`; from 1, inclusive. */
    readonly lines?: string | number | undefined;
    /** Records of JSON, NDJSON or CSV: `"3-10"`, or a condition such as `"status!=completed"`. */
    readonly rows?: string | number | undefined;
    /** A regular expression; matching lines with their numbers. */
    readonly grep?: string | undefined;
    /** Words: the lines or records that answer them best. */
    readonly query?: string | undefined;
}
