// Messages that there is something to save in, in every shape.

import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../../../tests/wire/fixtures/", import.meta.url);

/** The fixtures of the Python package's own tests, by name. */
export const FIXTURES = Object.fromEntries(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .map((name) => [name.replace(".json", ""), JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"))]),
);

/** A log of one kind of line, with one that matters. */
export function log(seed, lines = 160) {
  const rows = Array.from({ length: lines }, (_, n) => `2026-11-22 10:${String(n % 60).padStart(2, "0")}:20 INFO worker ${n % 7}: request ${n * 31 + seed} done in ${(n * seed) % 50} ms`);
  rows[lines >> 1] = needle(seed);
  return rows.join("\n");
}

export const needle = (seed) => `2026-11-22 10:01:20 INFO config: session_timeout_${seed} changed 3600 -> ${seed}`;

const command = { command: "tail app.log" };

/** One call and its result, as each provider writes it. */
export const SHAPES = {
  anthropic: (id, text) => [
    { role: "assistant", content: [{ type: "tool_use", id, name: "bash", input: command }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: [{ type: "text", text }] }] },
  ],
  chat: (id, text) => [
    { role: "assistant", content: null, tool_calls: [{ id, type: "function", function: { name: "bash", arguments: JSON.stringify(command) } }] },
    { role: "tool", tool_call_id: id, content: text },
  ],
  responses: (id, text) => [
    { type: "function_call", call_id: id, name: "bash", arguments: JSON.stringify(command) },
    { type: "function_call_output", call_id: id, output: text },
  ],
  gemini: (id, text) => [
    { role: "model", parts: [{ functionCall: { id, name: "bash", args: command } }] },
    { role: "user", parts: [{ functionResponse: { id, name: "bash", response: { output: text } } }] },
  ],
  vercel: (id, text) => [
    { role: "assistant", content: [{ type: "tool-call", toolCallId: id, toolName: "bash", input: command }] },
    { role: "tool", content: [{ type: "tool-result", toolCallId: id, toolName: "bash", output: { type: "text", value: text } }] },
  ],
  "vercel ui": (id, text) => [
    { id: `m${id}`, role: "assistant", parts: [{ type: "tool-bash", toolCallId: id, state: "output-available", input: command, output: { stdout: text, code: 0 } }] },
  ],
};

/** What stands at a path. */
export const at = (value, path) => path.reduce((inner, key) => inner[key], value);

/** A copy with another value at a path. */
export function withValue(value, [key, ...rest], inner) {
  if (key === undefined) return inner;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  copy[key] = withValue(value[key], rest, inner);
  return copy;
}

/** Everything below a value as if it came from elsewhere: the package remembers what it let out in this process. */
export function afresh() {
  delete globalThis[Symbol.for("headroom-ai")];
}
