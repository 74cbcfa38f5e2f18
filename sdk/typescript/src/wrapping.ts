// A client that does one thing otherwise, and is the same client in everything else.
//
// Rules:
// * The client that came in is not changed. Its methods run on itself, since private fields do not work on a stand-in.
// * The resources of OpenAI's and Anthropic's clients (`chat.completions`, `messages`) reach their client by `_client`, and
//   every request that they or their helpers make goes through its `post`. So one place sees them all: `create`, `stream`,
//   `parse`, `runTools`, `toolRunner`, retries and all.

import { isObject } from "./encoding.js";

type Post = (path: string, options?: unknown) => unknown;

/** What a request's body becomes; the very same one where nothing does. */
export type Rewrite = (path: string, body: Record<string, unknown>, signal: AbortSignal | null | undefined) => Promise<Record<string, unknown>>;

/** A stand-in for an object: `own` says what stands under a name; `undefined`: what always stood there. */
export function standIn<T extends object>(target: T, own: (name: string | symbol) => unknown): T {
  const bound = new Map<unknown, unknown>();
  return new Proxy(target, {
    get(_, name) {
      const given = own(name);
      if (given !== undefined) return given;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function" || name === "constructor" || Object.hasOwn(target, name)) return value;
      if (!bound.has(value)) bound.set(value, value.bind(target));
      return bound.get(value);
    },
  });
}

/** A client made by Stainless, as OpenAI's and Anthropic's are, whose requests are rewritten. */
export function wrapped<T extends object>(client: T, rewrite: Rewrite): T {
  const methods = client as { post?: Post; withOptions?: (options: unknown) => object };
  if (typeof methods.post !== "function") throw new TypeError("this is no client of a version that is known: it has no method `post`");
  const resources = new WeakMap<object, object>();
  const post: Post = (path, options) => methods.post?.call(client, path, rewritten(path, options, rewrite));
  const withOptions = (options: unknown): object => wrapped(methods.withOptions?.call(client, options) as object, rewrite);
  const own = (name: string | symbol): unknown => {
    if (name === "post") return post;
    if (name === "withOptions" && methods.withOptions) return withOptions;
    return resource(Reflect.get(client, name, client));
  };
  const resource = (value: unknown): unknown => {
    if (!isObject(value) || value["_client"] !== client) return undefined;
    let made = resources.get(value);
    if (!made) {
      made = new Proxy(value, { get: (target, name, receiver) => (name === "_client" ? self : (resource(Reflect.get(target, name)) ?? Reflect.get(target, name, receiver))) });
      resources.set(value, made);
    }
    return made;
  };
  const self = standIn(client, own);
  return self;
}

/** The options of a request; the client takes a promise of them, so the call itself stays as it was. */
async function rewritten(path: string, options: unknown, rewrite: Rewrite): Promise<unknown> {
  const given = await options;
  if (!isObject(given) || !isObject(given["body"])) return given;
  const body = await rewrite(path.replace(/\?.*$/, ""), given["body"], given["signal"] as AbortSignal | null | undefined);
  return body === given["body"] ? given : { ...given, body };
}
