// What a user's compiler says: this file is only checked, with every strictness on, against the real SDKs' types.

import Anthropic from "@anthropic-ai/sdk";
import { openai as provider } from "@ai-sdk/openai";
import { GoogleGenAI, type Content } from "@google/genai";
import { wrapLanguageModel, type LanguageModelMiddleware, type ModelMessage, type UIMessage } from "ai";
import OpenAI from "openai";

import { compress, retrieve, retrieveTool, type Compressed, type CompressOptions, type Edit, type Engine, type Failure } from "headroom-ai";
import { withHeadroom as anthropicWith } from "headroom-ai/anthropic";
import { withHeadroom as geminiWith } from "headroom-ai/gemini";
import { withHeadroom as openaiWith } from "headroom-ai/openai";
import { headroom } from "headroom-ai/vercel-ai";

declare const anthropicMessages: Anthropic.MessageParam[];
declare const chatMessages: readonly OpenAI.ChatCompletionMessageParam[];
declare const items: OpenAI.Responses.ResponseInputItem[];
declare const contents: Content[];
declare const modelMessages: ModelMessage[];
declare const uiMessages: UIMessage[];
declare const mixed: Array<{ role: "user"; content: string } | { role: "assistant"; content: null; extra: bigint }>;
declare const maybe: { signal?: AbortSignal; model?: string };

const client = openaiWith(new OpenAI());
const same: OpenAI = client;
const claude: Anthropic = anthropicWith(new Anthropic(), { settings: { level: "lossless" }, onCompressed: ({ saved }) => void saved.toFixed() });
const gemini: GoogleGenAI = geminiWith(new GoogleGenAI({}));
const middleware: LanguageModelMiddleware = headroom();
const model = wrapLanguageModel({ model: provider("gpt-5.5"), middleware: [headroom({ required: true }), middleware] });

export async function checked(): Promise<unknown[]> {
  const one: Compressed<Anthropic.MessageParam> = await compress(anthropicMessages, { model: "claude-sonnet-4-6" });
  const engine: Engine | null = one.engine;
  const edits: readonly Edit[] = one.edits;
  const failures: readonly Failure[] = one.failures;
  const counts: (number | null)[] = [one.tokensBefore, one.tokensAfter, one.saved];
  await claude.messages.create({ model: "claude-sonnet-4-6", max_tokens: 1, messages: one });
  await same.chat.completions.create({ model: "gpt-5.5", messages: await compress(chatMessages) });
  await client.responses.create({ model: "gpt-5.5", input: await compress(items) });
  await gemini.models.generateContent({ model: "m", contents: await compress(contents) });
  const messages: ModelMessage[] = await compress(modelMessages);
  const ui: UIMessage[] = await compress(uiMessages);
  const plain: typeof mixed = await compress(mixed);
  const options: CompressOptions = { sent: "answered", signal: maybe.signal, model: maybe.model, settings: { tools: { "mcp__*": "off" }, kinds: { logs: "lossless" } } };
  const text: string = await retrieve("0123456789ab", { lines: 3, rows: "status!=ok" }, { timeoutMs: 1 });
  const again: string = await retrieveTool.run({ handle: "0123456789ab" });
  // @ts-expect-error: no such level
  await compress(items, { settings: { level: "most" } });
  // @ts-expect-error: not a list
  await compress("hello");
  // @ts-expect-error: no such option
  await compress(items, { modle: "m" });
  return [engine, edits, failures, counts, messages, ui, plain, options, text, again, model];
}
