// The Vercel AI SDK: a middleware for any of its language models.
//
//     const model = wrapLanguageModel({ model: openai("gpt-5.5"), middleware: headroom() });

import { isObject } from "./encoding.js";
import { lighter } from "./requests.js";
import type { AdapterOptions } from "./types.js";

export type { AdapterOptions } from "./types.js";

interface Params {
  readonly prompt: readonly unknown[];
}

/** A `LanguageModelV2Middleware`, V3 and V4: they differ in a version alone, which each wants to read as its own. */
export interface Middleware {
  readonly specificationVersion: never;
  transformParams<P extends Params>(options: { readonly params: P; readonly model?: unknown }): Promise<P>;
}

/** Makes prompts lighter before the model's provider is asked, in every step of a tool loop. */
export function headroom(options: AdapterOptions = {}): Middleware {
  return {
    specificationVersion: "v3" as never,
    async transformParams({ params, model }) {
      const { tools, abortSignal, providerOptions } = params as { tools?: unknown; abortSignal?: AbortSignal; providerOptions?: unknown };
      const name = isObject(model) ? model["modelId"] : undefined;
      const made = await lighter(params.prompt, { model: name, tools, signal: abortSignal, whole: !follows(providerOptions) }, options);
      return made.edits.length ? { ...params, prompt: [...made] } : params;
    },
  };
}

/** OpenAI holds what came before. */
function follows(providerOptions: unknown): boolean {
  const openai = isObject(providerOptions) ? providerOptions["openai"] : undefined;
  return isObject(openai) && Boolean(openai["previousResponseId"] || openai["conversation"]);
}
