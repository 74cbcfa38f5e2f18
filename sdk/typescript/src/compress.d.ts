import type { Compressed, CompressOptions, Report } from "./types.js";
/**
 * Make the long tool results in a conversation shorter.
 *
 * @param messages as Anthropic, OpenAI (chat or Responses), Gemini or the Vercel AI SDK take them. Never changed.
 * @returns the messages in the same shape, in a new array that also has `tokensBefore`, `tokensAfter`, `saved`, `edits`,
 *   `failures` and `engine`.
 */
export declare function compress<M>(messages: readonly M[], options?: CompressOptions): Promise<Compressed<M>>;
/** The same for rows whose history the provider holds, where `conversation` is false: each is decided by itself. */
export declare function compressed<M>(messages: readonly M[], options: CompressOptions, conversation: boolean): Promise<Compressed<M>>;
/** The array with what was done on it: not to be enumerated, so that it spreads, maps and is written as the plain array. */
export declare function withReport<M>(messages: M[], said: Report): Compressed<M>;
