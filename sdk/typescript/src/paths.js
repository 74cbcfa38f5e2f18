// Other texts at some paths of a message, by structural copy-on-write.
//
// Rules:
// * Nothing that comes in is changed, frozen or not. What leads to an edited text is copied, one level deep, with its class,
//   its symbols and its hidden properties; everything else is the very same object.
// * A text is replaced only where it is the text that the engine read, by its hash.
import { handleOf, isObject, wholeText } from "./encoding.js";
/** A message with a text replaced; `undefined` where the path leads to another text than the engine read. */
export function replaced(message, edit) {
    const path = found(message, edit);
    return path === undefined ? undefined : put(message, path, 0, edit.text);
}
/** Where the edited text stands: clients turn a string into one text block between turns, and back. */
function found(message, edit) {
    const { path } = edit;
    const ways = [path, path.at(-1) === "content" ? [...path, 0, "text"] : path.at(-1) === "text" && path.at(-2) === 0 ? path.slice(0, -2) : path];
    return ways.find((way) => {
        const text = at(message, way);
        return typeof text === "string" && handleOf(text) === edit.handle;
    });
}
function at(message, path) {
    let value = message;
    let part;
    for (const [depth, key] of path.entries()) {
        if (!isObject(value) || !(key in value))
            return undefined;
        if (depth === path.length - 2)
            part = value;
        value = value[key];
    }
    return isWhole(path) ? (wholeText(part) ?? value) : value;
}
function isWhole(path) {
    return path.at(-1) === "value" && path.at(-2) === "output";
}
function put(value, path, depth, text) {
    const key = path[depth];
    if (key === undefined)
        return text;
    if (depth === path.length - 2 && isWhole(path) && wholeText(value) !== undefined) {
        const part = value;
        return copied(part, "output", copied(copied(part.output, "type", "text"), "value", text));
    }
    return copied(value, key, put(value[key], path, depth + 1, text));
}
/** A copy of an object or array with another value under one key. */
function copied(value, key, inner) {
    if (Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype) {
        const list = value.slice();
        list[key] = inner;
        return list;
    }
    const properties = Object.getOwnPropertyDescriptors(value);
    for (const name of Reflect.ownKeys(properties)) {
        const property = properties[name];
        if (property && "value" in property && !(Array.isArray(value) && name === "length"))
            Object.assign(property, { writable: true, configurable: true });
    }
    properties[String(key)] = { value: inner, enumerable: true, writable: true, configurable: true };
    return Object.create(Object.getPrototypeOf(value), properties);
}
