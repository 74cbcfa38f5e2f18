// A request's messages, before an adapter hands it on.
//
// Rules:
// * What stands before the model's last word was sent before. If nobody decided about it, it was sent without us, and stays:
//   a conversation may be joined midway, by another process, after a restart.
// * Where the provider holds what came before, each message is decided by itself: nobody here knows what it would refer to.
// * Text is only left out where the model can ask for it: where `headroom_retrieve` is among its tools, or the settings say so.

import { compressed } from "./compress.js";
import { isObject } from "./encoding.js";
import type { AdapterOptions, Compressed } from "./types.js";

const RETRIEVE = /(?:^|[^a-z0-9])headroom_retrieve$/i; // bare, or with the name of an MCP server in front

/** What a request says beside its messages. */
export interface Told {
  readonly model: unknown;
  readonly tools: unknown;
  readonly signal?: AbortSignal | null | undefined;
  /** Everything before these messages is in them. */
  readonly whole?: boolean;
  /** The provider drops earlier results by itself: nothing may refer to them. */
  readonly forgets?: boolean;
}

export async function lighter<M>(messages: readonly M[], told: Told, options: AdapterOptions): Promise<Compressed<M>> {
  const { onCompressed, settings, ...rest } = options;
  const made = await compressed(
    messages,
    {
      ...rest,
      sent: "answered",
      signal: told.signal ?? undefined,
      model: typeof told.model === "string" ? told.model : undefined,
      settings: { retrieval: canAsk(told.tools), ...settings, ...(told.forgets ? { repeats: false } : {}) },
    },
    told.whole ?? true,
  );
  onCompressed?.(made);
  return made;
}

/** Whether our tool is among those of a request, as any provider declares them. */
function canAsk(tools: unknown): boolean {
  return Array.isArray(tools) && tools.some((tool) => {
    if (!isObject(tool)) return false;
    const { name, function: inner, functionDeclarations } = tool;
    return isOurs(name) || (isObject(inner) && isOurs(inner["name"])) || canAsk(functionDeclarations);
  });
}

function isOurs(name: unknown): boolean {
  return typeof name === "string" && RETRIEVE.test(name);
}
