// Other texts at some paths of a message, by structural copy-on-write.
//
// Rules:
// * Nothing that comes in is changed, frozen or not. What leads to an edited text is copied, one level deep, with its class,
//   its symbols and its hidden properties; everything else is the very same object.
// * A text is replaced only where it is the text that the engine read, by its hash.

import { handleOf, isObject, wholeText } from "./encoding.js";
import type { Edit, Path } from "./types.js";

/** What an edit says about its message: its path begins below the message's index. */
export type Inner = Edit;

/** A message with a text replaced; `undefined` where the path leads to another text than the engine read. */
export function replaced<M>(message: M, edit: Inner): M | undefined {
  const path = found(message, edit);
  return path === undefined ? undefined : (put(message, path, 0, edit.text) as M);
}

/** Where the edited text stands: clients turn a string into one text block between turns, and back. */
function found(message: unknown, edit: Inner): Path | undefined {
  const { path } = edit;
  const ways = [path, path.at(-1) === "content" ? [...path, 0, "text"] : path.at(-1) === "text" && path.at(-2) === 0 ? path.slice(0, -2) : path];
  return ways.find((way) => {
    const text = at(message, way);
    return typeof text === "string" && handleOf(text) === edit.handle;
  });
}

function at(message: unknown, path: Path): unknown {
  let value = message;
  let part: unknown;
  for (const [depth, key] of path.entries()) {
    if (!isObject(value) || !(key in value)) return undefined;
    if (depth === path.length - 2) part = value;
    value = value[key as string];
  }
  return isWhole(path) ? (wholeText(part) ?? value) : value;
}

function isWhole(path: Path): boolean {
  return path.at(-1) === "value" && path.at(-2) === "output";
}

function put(value: unknown, path: Path, depth: number, text: string): unknown {
  const key = path[depth];
  if (key === undefined) return text;
  if (depth === path.length - 2 && isWhole(path) && wholeText(value) !== undefined) {
    const part = value as { output: object };
    return copied(part, "output", copied(copied(part.output, "type", "text"), "value", text));
  }
  return copied(value as object, key, put((value as Record<string | number, unknown>)[key], path, depth + 1, text));
}

/** A copy of an object or array with another value under one key. */
function copied(value: object, key: string | number, inner: unknown): object {
  if (Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype) {
    const list = value.slice();
    list[key as number] = inner;
    return list;
  }
  const properties = Object.getOwnPropertyDescriptors(value) as Record<string | symbol, PropertyDescriptor>;
  for (const name of Reflect.ownKeys(properties)) {
    const property = properties[name];
    if (property && "value" in property && !(Array.isArray(value) && name === "length")) Object.assign(property, { writable: true, configurable: true });
  }
  properties[String(key)] = { value: inner, enumerable: true, writable: true, configurable: true };
  return Object.create(Object.getPrototypeOf(value) as object | null, properties) as object;
}
