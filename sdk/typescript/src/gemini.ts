// Google's client, `@google/genai`: `models.generateContent`, `generateContentStream` and `chats`.
//
//     const ai = withHeadroom(new GoogleGenAI({ apiKey }));
//
// Rules:
// * Requests are made lighter as late as possible, below the client's automatic function calling, so that each of its
//   rounds is, and so that the history it keeps holds what was said.
// * Where a version has no such place, the parameters of the two methods are.

import { isObject } from "./encoding.js";
import { lighter } from "./requests.js";
import type { AdapterOptions } from "./types.js";
import { standIn } from "./wrapping.js";

export type { AdapterOptions } from "./types.js";

type Generate = (params: Record<string, unknown>) => Promise<unknown>;

const INNER = ["generateContentInternal", "generateContentStreamInternal"];
const OUTER = ["generateContent", "generateContentStream"];

/** The same client, with lighter requests. The one that was given stays as it is. */
export function withHeadroom<T extends { readonly models: object; readonly chats: object }>(client: T, options: AdapterOptions = {}): T {
  const models = modelsOf(client.models, options);
  const chats = Object.create(client.chats, { modelsModule: { value: models } }) as object;
  return standIn(client, (name) => (name === "models" ? models : name === "chats" ? chats : undefined));
}

function modelsOf(models: object, options: AdapterOptions): object {
  const { constructor, ...inner } = Object.getPrototypeOf(models) as Record<string, unknown>;
  void inner;
  const methods = models as Record<string, unknown>;
  const deep = INNER.every((name) => typeof methods[name] === "function") && isObject(methods["apiClient"]);
  // its methods are bound to the object that they were made for: another one is made, with the same connection
  const made = deep ? (new (constructor as new (api: unknown) => object)(methods["apiClient"]) as Record<string, unknown>) : undefined;
  const own: Record<string, unknown> = {};
  for (const name of made ? INNER : OUTER) {
    const generate = (made ?? methods)[name] as Generate;
    const lightened: Generate = async (params) => await generate.call(made ?? models, await lighterParams(params, options));
    own[name] = lightened;
  }
  return made ? Object.assign(made, own) : standIn(models, (name) => own[name as string]);
}

async function lighterParams(params: Record<string, unknown>, options: AdapterOptions): Promise<Record<string, unknown>> {
  const { contents, model, config } = params;
  const { tools, abortSignal } = (isObject(config) ? config : {}) as { tools?: unknown; abortSignal?: AbortSignal };
  const messages: readonly unknown[] = Array.isArray(contents) ? contents : [contents];
  const made = await lighter(messages, { model, tools, signal: abortSignal }, options);
  if (!made.edits.length) return params;
  return { ...params, contents: Array.isArray(contents) ? [...made] : made[0] };
}
