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
import { keysOf } from "./recent.js";
import { decide, named } from "./service.js";
import { state } from "./state.js";
/**
 * Make the long tool results in a conversation shorter.
 *
 * @param messages as Anthropic, OpenAI (chat or Responses), Gemini or the Vercel AI SDK take them. Never changed.
 * @returns the messages in the same shape, in a new array that also has `tokensBefore`, `tokensAfter`, `saved`, `edits`,
 *   `failures` and `engine`.
 */
export async function compress(messages, options = {}) {
    return await compressed(messages, options, true);
}
/** The same for rows whose history the provider holds, where `conversation` is false: each is decided by itself. */
export async function compressed(messages, options, conversation) {
    if (!Array.isArray(messages))
        throw new TypeError(`messages must be an array of messages, not ${messages === null ? "null" : typeof messages}`);
    const { recent } = state();
    const keys = keysOf(messages, conversation);
    const known = keys.map((key) => (key === undefined ? undefined : recent.get(key)));
    const failures = [];
    const body = bodyOf(messages, options, conversation, untold(known), failures);
    const decided = messages.length ? await decisions(body, options, failures) : undefined;
    failures.push(...notes(known));
    const edits = [];
    const made = messages.map((message, index) => {
        const fresh = became(message, index, decided, failures);
        const key = keys[index];
        const settled = key === undefined ? fresh : recent.settle(key, fresh);
        return settled.edits.reduce((result, edit) => {
            const next = replaced(result, edit);
            if (next !== undefined)
                edits.push({ ...edit, path: [index, ...edit.path] });
            return next ?? result;
        }, message);
    });
    return withReport(made, report(edits, failures, decided));
}
/** The array with what was done on it: not to be enumerated, so that it spreads, maps and is written as the plain array. */
export function withReport(messages, said) {
    const properties = Object.entries(said).map(([name, value]) => [name, { value: value, enumerable: false }]);
    return Object.defineProperties(messages, Object.fromEntries(properties));
}
function bodyOf(messages, options, conversation, plain, failures) {
    const rows = messages.map((message, index) => {
        try {
            return encoded(message);
        }
        catch (error) {
            failures.push({ where: "sdk", reason: `the message cannot be written as JSON (${nameOf(error)})`, path: [index] });
            return "null";
        }
    });
    const { model, sent, settings } = options;
    const told = { model, sent, settings: settings && named(settings), conversation, plain, answer: "edits" };
    return `{"messages":[${rows.join(",")}],${JSON.stringify(told).slice(1)}`;
}
/** Messages that went out as they came, of which the engine does not know. */
function untold(known) {
    return known.flatMap((each, index) => (each && !each.told ? [index] : []));
}
async function decisions(body, options, failures) {
    try {
        const decided = await decide(body, options);
        failures.push(...decided.failures);
        return decided;
    }
    catch (error) {
        options.signal?.throwIfAborted();
        const known = error instanceof EngineError ? error : new EngineError(`the engine could not be asked (${nameOf(error)})`);
        if (options.required)
            throw known;
        failures.push({ where: "engine", reason: known.message, path: [] });
        warn(known);
        return undefined;
    }
}
/** What the engine says about one message; a text that is not the one it read stays. */
function became(message, index, decided, failures) {
    const edits = (decided?.edits ?? []).filter((edit) => edit.path[0] === index).map((edit) => ({ ...edit, path: edit.path.slice(1) }));
    const fitting = edits.filter((edit) => replaced(message, edit) !== undefined);
    if (fitting.length < edits.length)
        failures.push({ where: "sdk", reason: "the engine read another text than stands here", path: [index] });
    return { edits: fitting, told: decided !== undefined && fitting.length === edits.length };
}
function notes(known) {
    const count = untold(known).length;
    return count ? [{ where: "sdk", reason: `${count} messages went out without an engine before: they stay as they were sent`, path: [] }] : [];
}
function report(edits, failures, decided) {
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
function warn(error) {
    const shared = state();
    if (shared.warned)
        return;
    shared.warned = true;
    console.warn(`headroom-ai: messages go out as they came: ${error.message}`);
}
function nameOf(error) {
    return error instanceof Error ? error.name : typeof error;
}
