// Messages as JSON for the engine, and as one canonical text each for `recent`.
//
// Rules:
// * The engine's paths must lead to the same texts here. So nothing is moved: bytes become null, what JSON has no word for
//   stays what `JSON.stringify` makes of it.
// * One exception: a result of the Vercel AI SDK that is JSON, unless it is an object around long texts, is read as the
//   text that every provider gets to see, since a table of records is compressed as a whole. `paths` knows of it.

import { createHash } from "node:crypto";

import type { Path } from "./types.js";

const LONG_TEXT = 200; // characters from which a string inside an object is worth compressing by itself

const HANDLE_DIGITS = 12;

/** Not part of what a model reads, and moved from turn to turn. */
const MARKS = new Set(["cache_control", "cacheControl", "providerOptions", "providerMetadata", "callProviderMetadata"]);

/** A message as JSON. Throws where it cannot be written: a cycle, nested too deep. */
export function encoded(message: unknown): string {
  return JSON.stringify(message, plainValue) ?? "null";
}

/** The same for what a model reads the same: marks left out, keys sorted, a string content as one text block. */
export function canonical(message: unknown): string {
  return (
    JSON.stringify(message, function (this: unknown, key: string, value: unknown): unknown {
      const plain = plainValue.call(this, key, value);
      if (typeof plain === "string") return key === "content" ? [{ text: plain, type: "text" }] : plain;
      if (!isObject(plain) || Array.isArray(plain)) return plain;
      const sorted: Record<string, unknown> = {};
      for (const name of Object.keys(plain).sort()) if (!MARKS.has(name)) sorted[name] = plain[name];
      return sorted;
    }) ?? "null"
  );
}

/** The text of a result that is read as a whole; `undefined` for any other part. */
export function wholeText(part: unknown): string | undefined {
  if (!isObject(part) || part["type"] !== "tool-result" || !isObject(part["output"])) return undefined;
  const { type, value } = part["output"];
  if (type !== "json" || typeof value === "string" || (isObject(value) && !Array.isArray(value) && holdsLongText(value))) return undefined;
  return JSON.stringify(value, plainValue);
}

/** The first 12 hex digits of a text's SHA-256: what the engine calls it. Lone surrogates count as they are. */
export function handleOf(text: string): string {
  const hash = createHash("sha256");
  if (text.isWellFormed()) return hash.update(text).digest("hex").slice(0, HANDLE_DIGITS);
  let done = 0;
  for (const { index, 0: half } of text.matchAll(/\p{Surrogate}/gu)) {
    const code = half.charCodeAt(0);
    hash.update(text.slice(done, index));
    hash.update(Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]));
    done = index + 1;
  }
  return hash.update(text.slice(done)).digest("hex").slice(0, HANDLE_DIGITS);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

export function isPath(value: unknown): value is Path {
  return Array.isArray(value) && value.every((key) => typeof key === "string" || (Number.isInteger(key) && key >= 0));
}

function plainValue(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  const own: unknown = isObject(this) ? this[key] : value; // a Buffer has become an object of numbers by now
  if (ArrayBuffer.isView(own) || own instanceof ArrayBuffer) return null;
  const text = wholeText(value);
  return text === undefined ? value : { ...value, output: { ...(value as { output: object }).output, type: "text", value: text } };
}

function holdsLongText(value: object): boolean {
  return Object.values(value).some((inner) =>
    typeof inner === "string" ? inner.length >= LONG_TEXT : isObject(inner) && holdsLongText(inner),
  );
}
