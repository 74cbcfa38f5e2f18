// Anthropic's client: `messages` and `beta.messages`, streaming, tool runner and other helpers included.
//
//     const anthropic = withHeadroom(new Anthropic());

import { isObject } from "./encoding.js";
import { lighter } from "./requests.js";
import type { AdapterOptions } from "./types.js";
import { wrapped } from "./wrapping.js";

export type { AdapterOptions } from "./types.js";

/** The same client, with lighter requests. The one that was given stays as it is. */
export function withHeadroom<T extends object>(client: T, options: AdapterOptions = {}): T {
  return wrapped(client, async (path, body, signal) => {
    const { messages, model, tools, thread } = body;
    if (path !== "/v1/messages" || !Array.isArray(messages)) return body;
    const made = await lighter(messages as unknown[], { model, tools, signal, whole: !thread, forgets: clears(body["context_management"]) }, options);
    return made.edits.length ? { ...body, messages: [...made] } : body;
  });
}

/** The provider is told to drop old tool results by itself. */
function clears(management: unknown): boolean {
  const edits: unknown = isObject(management) ? management["edits"] : undefined;
  return Array.isArray(edits) && edits.some((each) => isObject(each) && String(each["type"]).startsWith("clear_tool_uses"));
}
