// OpenAI's client, and those that speak like it: `chat.completions` and `responses`, streaming and helpers included.
//
//     const openai = withHeadroom(new OpenAI());

import { isObject } from "./encoding.js";
import { lighter } from "./requests.js";
import type { AdapterOptions } from "./types.js";
import { wrapped } from "./wrapping.js";

export type { AdapterOptions } from "./types.js";

/** The same client, with lighter requests. The one that was given stays as it is. */
export function withHeadroom<T extends object>(client: T, options: AdapterOptions = {}): T {
  return wrapped(client, async (path, body, signal) => {
    const key = path === "/chat/completions" ? "messages" : path === "/responses" ? "input" : undefined;
    const messages = key && body[key];
    if (!Array.isArray(messages) || isCompaction(messages)) return body;
    const whole = !body["previous_response_id"] && !body["conversation"];
    const made = await lighter(messages as unknown[], { model: body["model"], tools: body["tools"], signal, whole }, options);
    return made.edits.length ? { ...body, [key as string]: [...made] } : body;
  });
}

/** The provider is asked to compact what it is sent: it must read what was said, not our version. */
function isCompaction(messages: readonly unknown[]): boolean {
  return messages.slice(-3).some((each) => isObject(each) && each["type"] === "compaction_trigger");
}
