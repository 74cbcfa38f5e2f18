import type { Path } from "./types.js";
/** A message as JSON. Throws where it cannot be written: a cycle, nested too deep. */
export declare function encoded(message: unknown): string;
/** The same for what a model reads the same: marks left out, keys sorted, a string content as one text block. */
export declare function canonical(message: unknown): string;
/** The text of a result that is read as a whole; `undefined` for any other part. */
export declare function wholeText(part: unknown): string | undefined;
/** The first 12 hex digits of a text's SHA-256: what the engine calls it. Lone surrogates count as they are. */
export declare function handleOf(text: string): string;
export declare function isObject(value: unknown): value is Record<string, unknown>;
export declare function isPath(value: unknown): value is Path;
