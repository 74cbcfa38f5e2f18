// The flow: what the engine decided, and what went out before, put into the caller's own messages.
//
// Rules:
// * The caller's objects are never translated and built again: an edit puts another string at its path, and everything else
//   is the object that came in.
// * Whatever goes wrong, the messages come back, with a recorded failure; only `required` and an aborted signal reject.
// * What a message became first stands, in this process (`recent`) as in the engine.

import { encoded } from "./encoding.js";
import { EngineError } from "./errors.js";
import { replaced } from "./paths.js";
import { keysOf, type Became } from "./recent.js";
import { decide, named, type Decided } from "./service.js";
import { state } from "./state.js";
import type { Compressed, CompressOptions, Edit, Failure, Report } from "./types.js";

/**
 * Make the long tool results in a conversation shorter.
 *
 * @param messages as Anthropic, OpenAI (chat or Responses), Gemini or the Vercel AI SDK take them. Never changed.
 * @returns the messages in the same shape, in a new array that also has `tokensBefore`, `tokensAfter`, `saved`, `edits`,
 *   `failures` and `engine`.
 */
export async function compress<M>(messages: readonly M[], options: CompressOptions = {}): Promise<Compressed<M>> {
  return await compressed(messages, options, true);
}

/** The same for rows whose history the provider holds, where `conversation` is false: each is decided by itself. */
export async function compressed<M>(messages: readonly M[], options: CompressOptions, conversation: boolean): Promise<Compressed<M>> {
  if (!Array.isArray(messages)) throw new TypeError(`messages must be an array of messages, not ${messages === null ? "null" : typeof messages}`);
  const { recent } = state();
  const keys = keysOf(messages, conversation);
  const known = keys.map((key) => (key === undefined ? undefined : recent.get(key)));
  const failures: Failure[] = [];
  const body = bodyOf(messages, options, conversation, untold(known), failures);
  const decided = consistent(await decisions(body, options, failures), known);
  if (decided) failures.push(...notes(known));
  const edits: Edit[] = [];
  const made = messages.map((message: M, index) => {
    const fresh = became(message, index, decided, failures);
    const key = keys[index];
    const settled = key === undefined ? fresh : recent.settle(key, fresh);
    return settled.edits.reduce((result, edit) => {
      const next = replaced(result, edit);
      if (next !== undefined) edits.push({ ...edit, path: [index, ...edit.path] });
      return next ?? result;
    }, message);
  });
  return withReport(made, report(edits, failures, decided));
}

/** The array with what was done on it: not to be enumerated, so that it spreads, maps and is written as the plain array. */
export function withReport<M>(messages: M[], said: Report): Compressed<M> {
  const properties = Object.entries(said).map(([name, value]) => [name, { value: value as unknown, enumerable: false }]);
  return Object.defineProperties(messages, Object.fromEntries(properties) as PropertyDescriptorMap) as Compressed<M>;
}

function bodyOf(messages: readonly unknown[], options: CompressOptions, conversation: boolean, plain: number[], failures: Failure[]): string {
  const rows = messages.map((message, index) => {
    try {
      return encoded(message);
    } catch (error) {
      failures.push({ where: "sdk", reason: `the message cannot be written as JSON (${nameOf(error)})`, path: [index] });
      return "null";
    }
  });
  const { model, sent, settings } = options;
  const told = { model, sent, settings: settings && named(settings), conversation, plain, answer: "edits" };
  return `{"messages":[${rows.join(",")}],${JSON.stringify(told).slice(1)}`;
}

/** Messages that went out as they came, of which the engine does not know. */
function untold(known: readonly (Became | undefined)[]): number[] {
  return known.flatMap((each, index) => (each && !each.told ? [index] : []));
}

async function decisions(body: string, options: CompressOptions, failures: Failure[]): Promise<Decided | undefined> {
  try {
    const decided = await decide(body, options);
    failures.push(...decided.failures);
    return decided;
  } catch (error) {
    options.signal?.throwIfAborted();
    const known = error instanceof EngineError ? error : new EngineError(`the engine could not be asked (${nameOf(error)})`);
    if (options.required) throw known;
    failures.push({ where: "engine", reason: known.message, path: [] });
    warn(known);
    return undefined;
  }
}

/** An engine that lost its store may decide anew what went out long ago. That stands; and no reference into it may be used. */
function consistent(decided: Decided | undefined, known: readonly (Became | undefined)[]): Decided | undefined {
  if (!decided) return undefined;
  const texts = new Set(decided.edits.map((edit) => JSON.stringify([edit.path, edit.text])));
  const agrees = known.every((each, index) => !each?.told || each.edits.every((edit) => texts.has(JSON.stringify([[index, ...edit.path], edit.text]))));
  return agrees ? decided : { ...decided, edits: decided.edits.filter((edit) => !edit.compressor.includes("repeats")) };
}

/** What the engine says about one message; a text that is not the one it read stays. */
function became(message: unknown, index: number, decided: Decided | undefined, failures: Failure[]): Became {
  const edits = (decided?.edits ?? []).filter((edit) => edit.path[0] === index).map((edit) => ({ ...edit, path: edit.path.slice(1) }));
  const fitting = edits.filter((edit) => replaced(message, edit) !== undefined);
  if (fitting.length < edits.length) failures.push({ where: "sdk", reason: "the engine read another text than stands here", path: [index] });
  return { edits: fitting, told: decided !== undefined && fitting.length === edits.length };
}

function notes(known: readonly (Became | undefined)[]): Failure[] {
  const count = untold(known).length;
  return count ? [{ where: "sdk", reason: `${count} messages went out without an engine before: they stay as they were sent`, path: [] }] : [];
}

function report(edits: readonly Edit[], failures: readonly Failure[], decided: Decided | undefined): Report {
  const saved = edits.reduce((sum, edit) => sum + edit.tokensBefore - edit.tokensAfter, 0);
  const all = decided?.edits.length === edits.length;
  const before = decided ? decided.tokensBefore : null;
  const after = decided ? (all ? decided.tokensAfter : decided.tokensBefore - saved) : null;
  return {
    tokensBefore: before,
    tokensAfter: after,
    saved: before === null || after === null ? saved : before - after,
    edits,
    failures,
    engine: decided?.engine ?? null,
  };
}

function warn(error: EngineError): void {
  const shared = state();
  if (shared.warned) return;
  shared.warned = true;
  console.warn(`headroom-ai: messages go out as they came: ${error.message}`);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
