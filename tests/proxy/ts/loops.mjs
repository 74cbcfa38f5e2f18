// The TypeScript SDKs run an errand: `node loops.mjs BASE_URL < outputs.json` prints what each of them heard, as JSON.
//
// Each loop is as the SDK's own documentation shows it: ask, run `bash` for every call, bring the results, until an answer.

import Anthropic from "@anthropic-ai/sdk";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { GoogleGenAI } from "@google/genai";
import { generateText, stepCountIs, streamText, tool } from "ai";
import { readFileSync } from "node:fs";
import OpenAI from "openai";
import { z } from "zod";

const base = process.argv[2];
const { outputs, names, question } = JSON.parse(readFileSync(0, "utf8"));
const apiKey = "sk-test-SECRET-0123456789";
const schema = {
  type: "object",
  properties: { command: { type: "string" } },
  required: ["command"],
  additionalProperties: false,
};
const run = ({ command }) => outputs[command];

async function anthropic(question, streams) {
  const client = new Anthropic({ apiKey, baseURL: base, maxRetries: 0 });
  const tools = names.map((name) => ({ name, description: "Runs a command.", input_schema: schema }));
  const messages = [{ role: "user", content: question }];
  const heard = [];
  for (;;) {
    const given = { model: "claude-sonnet-4-6", max_tokens: 1000, tools, messages };
    const message = streams ? await client.messages.stream(given).finalMessage() : await client.messages.create(given);
    heard.push(message.content.map((block) => [block.type, block.text ?? null, block.input ?? null]));
    messages.push({ role: "assistant", content: message.content });
    const calls = message.content.filter((block) => block.type === "tool_use");
    if (!calls.length) return heard;
    messages.push({
      role: "user",
      content: calls.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: run(call.input) })),
    });
  }
}

async function chat(question, streams) {
  const client = new OpenAI({ apiKey, baseURL: `${base}/v1`, maxRetries: 0 });
  const tools = names.map((name) => ({ type: "function", function: { name, parameters: schema, strict: true } }));
  const messages = [{ role: "user", content: question }];
  const heard = [];
  for (;;) {
    const given = { model: "gpt-5.5", tools, messages };
    const completion = streams
      ? await client.chat.completions.stream(given).finalChatCompletion()
      : await client.chat.completions.create(given);
    const { message, finish_reason } = completion.choices[0];
    const calls = message.tool_calls ?? [];
    heard.push([message.content ?? "", calls.map((call) => call.function.arguments), finish_reason]);
    messages.push(message);
    if (!calls.length) return heard;
    for (const call of calls) {
      messages.push({ role: "tool", tool_call_id: call.id, content: run(JSON.parse(call.function.arguments)) });
    }
  }
}

async function responses(question, streams) {
  const client = new OpenAI({ apiKey, baseURL: `${base}/v1`, maxRetries: 0 });
  const tools = names.map((name) => ({ type: "function", name, parameters: schema, strict: true }));
  const input = [{ role: "user", content: question }];
  const heard = [];
  for (;;) {
    const given = { model: "gpt-5.5", tools, input, store: false };
    const response = streams
      ? await client.responses.stream(given).finalResponse()
      : await client.responses.create(given);
    heard.push(response.output.map((item) => [item.type, item.arguments ?? null]));
    input.push(...response.output);
    const calls = response.output.filter((item) => item.type === "function_call");
    if (!calls.length) return [...heard, response.output_text];
    for (const call of calls) {
      input.push({ type: "function_call_output", call_id: call.call_id, output: run(JSON.parse(call.arguments)) });
    }
  }
}

async function gemini(question, streams) {
  const client = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: base } });
  const declared = names.map((name) => ({ name, parametersJsonSchema: schema }));
  const contents = [{ role: "user", parts: [{ text: question }] }];
  const heard = [];
  for (;;) {
    const given = { model: "gemini-2.0-flash", contents, config: { tools: [{ functionDeclarations: declared }] } };
    const answers = [];
    if (streams) for await (const answer of await client.models.generateContentStream(given)) answers.push(answer);
    else answers.push(await client.models.generateContent(given));
    const parts = answers.flatMap((answer) => answer.candidates[0].content.parts);
    const calls = parts.flatMap((part) => (part.functionCall ? [part.functionCall] : []));
    heard.push([parts.map((part) => part.text ?? "").join(""), calls.map((call) => call.args)]);
    contents.push({ role: "model", parts });
    if (!calls.length) return heard;
    const results = calls.map(({ id, name, args }) => ({ functionResponse: { id, name, response: { output: run(args) } } }));
    contents.push({ role: "user", parts: results });
  }
}

const models = {
  "ai-anthropic": () => createAnthropic({ apiKey, baseURL: `${base}/v1` })("claude-sonnet-4-6"),
  "ai-openai": () => createOpenAI({ apiKey, baseURL: `${base}/v1` }).responses("gpt-5.5"),
  "ai-openai-chat": () => createOpenAI({ apiKey, baseURL: `${base}/v1` }).chat("gpt-5.5"),
  "ai-google": () => createGoogleGenerativeAI({ apiKey, baseURL: `${base}/v1beta` })("gemini-2.0-flash"),
};

const vercel = (name) => async (question, streams) => {
  const made = (each) => [
    each,
    tool({ description: "Runs a command.", inputSchema: z.object({ command: z.string() }), execute: async (given) => run(given) }),
  ];
  const given = {
    model: models[name](),
    tools: Object.fromEntries(names.map(made)),
    prompt: question,
    stopWhen: stepCountIs(9),
    maxRetries: 0,
  };
  const result = streams ? streamText({ ...given, onError: ({ error }) => { throw error; } }) : await generateText(given);
  const steps = await result.steps;
  return [...steps.map((step) => [step.text, step.toolCalls.map((call) => call.input), step.finishReason]), await result.text];
};

const loops = { anthropic, chat, responses, gemini };
for (const name of Object.keys(models)) loops[name] = vercel(name);

const heard = {};
for (const [name, loop] of Object.entries(loops)) {
  for (const streams of [false, true]) {
    const called = `${name}${streams ? " stream" : ""}`;
    try {
      heard[called] = await loop(`${question} ${called}`, streams);
    } catch (error) {
      heard[called] = `failed: ${error}`;
    }
  }
}
console.log(JSON.stringify(heard));
