// The real SDKs run an errand: `node errand.mjs PROVIDER bare|wrapped < outputs.json` prints what each of them heard, as
// JSON. Each loop is as the SDK's own documentation shows it; with `wrapped` its client goes through our adapter.

import Anthropic from "@anthropic-ai/sdk";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { GoogleGenAI } from "@google/genai";
import { generateText, stepCountIs, streamText, tool, wrapLanguageModel } from "ai";
import { readFileSync } from "node:fs";
import OpenAI from "openai";
import { z } from "zod";

import { withHeadroom as anthropicWith } from "headroom-ai/anthropic";
import { withHeadroom as geminiWith } from "headroom-ai/gemini";
import { withHeadroom as openaiWith } from "headroom-ai/openai";
import { headroom } from "headroom-ai/vercel-ai";

const [base, how] = process.argv.slice(2);
const { outputs, names, question } = JSON.parse(readFileSync(0, "utf8"));
const apiKey = "sk-test-SECRET-0123456789";
const description = "Runs a command.";
const schema = { type: "object", properties: { command: { type: "string" } }, required: ["command"], additionalProperties: false };
const run = ({ command }) => outputs[command];

let saved = 0;
const failures = [];
const options = {
  timeoutMs: 60_000,
  required: true,
  onCompressed(report) {
    saved += report.saved;
    failures.push(...report.failures);
  },
};
const through = (adapter, client) => (how === "wrapped" ? adapter(client, options) : client);

const anthropic = through(anthropicWith, new Anthropic({ apiKey, baseURL: base, maxRetries: 0 }));
const openai = through(openaiWith, new OpenAI({ apiKey, baseURL: `${base}/v1`, maxRetries: 0 }));
const gemini = through(geminiWith, new GoogleGenAI({ apiKey, httpOptions: { baseUrl: base } }));

async function anthropicLoop(client, ask, first) {
  const tools = names.map((name) => ({ name, description, input_schema: schema }));
  const messages = [{ role: "user", content: first }];
  const heard = [];
  for (;;) {
    const message = await ask(client, { model: "claude-sonnet-4-6", max_tokens: 1000, tools, messages });
    heard.push(message.content.map((block) => [block.type, block.text ?? null, block.input ?? null]));
    messages.push({ role: "assistant", content: message.content });
    const calls = message.content.filter((block) => block.type === "tool_use");
    if (!calls.length) return heard;
    messages.push({ role: "user", content: calls.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: run(call.input) })) });
  }
}

async function chatLoop(client, ask, first) {
  const tools = names.map((name) => ({ type: "function", function: { name, description, parameters: schema, strict: true } }));
  const messages = [{ role: "user", content: first }];
  const heard = [];
  for (;;) {
    const completion = await ask(client, { model: "gpt-5.5", tools, messages });
    const { message, finish_reason } = completion.choices[0];
    const calls = message.tool_calls ?? [];
    heard.push([message.content ?? "", calls.map((call) => call.function.arguments), finish_reason]);
    messages.push(message);
    if (!calls.length) return heard;
    for (const call of calls) messages.push({ role: "tool", tool_call_id: call.id, content: run(JSON.parse(call.function.arguments)) });
  }
}

async function responsesLoop(client, ask, first) {
  const tools = names.map((name) => ({ type: "function", name, description, parameters: schema, strict: true }));
  const input = [{ role: "user", content: first }];
  const heard = [];
  for (;;) {
    const response = await ask(client, { model: "gpt-5.5", tools, input, store: false });
    heard.push(response.output.map((item) => [item.type, item.arguments ?? null]));
    input.push(...response.output);
    const calls = response.output.filter((item) => item.type === "function_call");
    if (!calls.length) return [...heard, response.output_text];
    for (const call of calls) input.push({ type: "function_call_output", call_id: call.call_id, output: run(JSON.parse(call.arguments)) });
  }
}

async function gathered(chunks) {
  const found = [];
  for await (const chunk of chunks) found.push(chunk);
  return found.flatMap((chunk) => chunk.candidates[0].content.parts);
}

const declared = () => names.map((name) => ({ name, description, parametersJsonSchema: schema }));
const answerOf = ({ id, name, args }) => ({ functionResponse: { id, name, response: { output: run(args) } } });

async function geminiLoop(ask, first) {
  const contents = [{ role: "user", parts: [{ text: first }] }];
  const heard = [];
  for (;;) {
    const parts = await ask({ model: "gemini-2.0-flash", contents, config: { tools: [{ functionDeclarations: declared() }] } });
    const calls = parts.flatMap((part) => (part.functionCall ? [part.functionCall] : []));
    heard.push([parts.map((part) => part.text ?? "").join(""), calls.map((call) => call.args)]);
    contents.push({ role: "model", parts });
    if (!calls.length) return heard;
    contents.push({ role: "user", parts: calls.map(answerOf) });
  }
}

async function geminiChat(first, streams) {
  const chat = gemini.chats.create({ model: "gemini-2.0-flash", config: { tools: [{ functionDeclarations: declared() }] } });
  const heard = [];
  for (let message = first; ; ) {
    const parts = streams ? await gathered(await chat.sendMessageStream({ message })) : (await chat.sendMessage({ message })).candidates[0].content.parts;
    const calls = parts.flatMap((part) => (part.functionCall ? [part.functionCall] : []));
    heard.push([parts.map((part) => part.text ?? "").join(""), calls.map((call) => call.args)]);
    if (!calls.length) return [...heard, chat.getHistory().map((each) => JSON.stringify(each.parts).length)];
    message = calls.map(answerOf);
  }
}

async function geminiAutomatic(first, streams) {
  const callable = {
    tool: async () => ({ functionDeclarations: declared() }),
    callTool: async (calls) => calls.map(answerOf),
  };
  const given = { model: "gemini-2.0-flash", contents: first, config: { tools: [callable], automaticFunctionCalling: { maximumRemoteCalls: 9 } } };
  if (streams) return (await gathered(await gemini.models.generateContentStream(given))).map((part) => part.text ?? "").join("");
  const answer = await gemini.models.generateContent(given);
  return [answer.text, answer.automaticFunctionCallingHistory.map((each) => JSON.stringify(each.parts).length)];
}

async function toolRunner(first) {
  const tools = names.map((name) => ({ name, description, input_schema: schema, run, parse: (input) => input }));
  const runner = anthropic.beta.messages.toolRunner({ model: "claude-sonnet-4-6", max_tokens: 1000, tools, messages: [{ role: "user", content: first }], thread: false });
  return (await runner.runUntilDone()).content.map((block) => block.text);
}

async function runTools(first, streams) {
  const tools = names.map((name) => ({ type: "function", function: { name, description, parameters: schema, parse: JSON.parse, function: run } }));
  const runner = openai.chat.completions.runTools({ model: "gpt-5.5", tools, messages: [{ role: "user", content: first }], stream: streams });
  return [await runner.finalContent(), runner.messages.length];
}

const vercel = (model) => async (first, streams) => {
  const made = (name) => [name, tool({ description, inputSchema: z.object({ command: z.string() }), execute: async (given) => run(given) })];
  const given = {
    model: how === "wrapped" ? wrapLanguageModel({ model, middleware: headroom(options) }) : model,
    tools: Object.fromEntries(names.map(made)),
    prompt: first,
    stopWhen: stepCountIs(9),
    maxRetries: 0,
  };
  const result = streams ? streamText({ ...given, onError: ({ error }) => { throw error; } }) : await generateText(given);
  const steps = await result.steps;
  return [...steps.map((step) => [step.text, step.toolCalls.map((call) => call.input), step.finishReason]), await result.text];
};

const loops = {
  "anthropic create": (first) => anthropicLoop(anthropic, (client, given) => client.messages.create(given), first),
  "anthropic stream": (first) => anthropicLoop(anthropic, (client, given) => client.messages.stream(given).finalMessage(), first),
  "anthropic events": (first) =>
    anthropicLoop(anthropic, async (client, given) => {
      const { data, response } = await client.messages.create({ ...given, stream: false }).withResponse();
      return response.ok ? data : undefined;
    }, first),
  "anthropic beta": (first) => anthropicLoop(anthropic, (client, given) => client.beta.messages.create({ ...given, betas: ["x-2025-01-01"] }), first),
  "anthropic runner": toolRunner,
  "anthropic options": (first) => anthropicLoop(anthropic.withOptions({ timeout: 50_000 }), (client, given) => client.messages.create(given), first),
  "chat create": (first) => chatLoop(openai, (client, given) => client.chat.completions.create(given), first),
  "chat stream": (first) => chatLoop(openai, (client, given) => client.chat.completions.stream(given).finalChatCompletion(), first),
  "chat parse": (first) => chatLoop(openai, (client, given) => client.chat.completions.parse(given), first),
  "chat raw": (first) => chatLoop(openai, async (client, given) => (await client.chat.completions.create(given).asResponse()).json(), first),
  "chat options": (first) => chatLoop(openai.withOptions({ timeout: 50_000 }), (client, given) => client.chat.completions.create(given), first),
  "chat runner": (first) => runTools(first, false),
  "chat stream runner": (first) => runTools(first, true),
  "responses create": (first) => responsesLoop(openai, (client, given) => client.responses.create(given), first),
  "responses stream": (first) => responsesLoop(openai, (client, given) => client.responses.stream(given).finalResponse(), first),
  "responses parse": (first) => responsesLoop(openai, (client, given) => client.responses.parse(given), first),
  "gemini content": (first) => geminiLoop(async (given) => (await gemini.models.generateContent(given)).candidates[0].content.parts, first),
  "gemini stream": (first) => geminiLoop(async (given) => gathered(await gemini.models.generateContentStream(given)), first),
  "gemini chat": (first) => geminiChat(first, false),
  "gemini chat stream": (first) => geminiChat(first, true),
  "gemini automatic": (first) => geminiAutomatic(first, false),
  "gemini automatic stream": (first) => geminiAutomatic(first, true),
};
const models = {
  "ai anthropic": createAnthropic({ apiKey, baseURL: `${base}/v1` })("claude-sonnet-4-6"),
  "ai responses": createOpenAI({ apiKey, baseURL: `${base}/v1` }).responses("gpt-5.5"),
  "ai chat": createOpenAI({ apiKey, baseURL: `${base}/v1` }).chat("gpt-5.5"),
};
for (const [name, model] of Object.entries(models)) {
  loops[name] = (first) => vercel(model)(first, false);
  loops[`${name} stream`] = (first) => vercel(model)(first, true);
}

const heard = {};
for (const [name, loop] of Object.entries(loops)) {
  try {
    heard[name] = await loop(`${question} <${name}>`);
  } catch (error) {
    heard[name] = `failed: ${error.stack}`;
  }
}
console.log(JSON.stringify({ heard, saved, failures }));
