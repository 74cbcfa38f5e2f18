// The adapters' own rules, with a real engine at HEADROOM_URL: what they hand on, seen where a client would send it.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";

import { withHeadroom as anthropicWith } from "headroom-ai/anthropic";
import { withHeadroom as geminiWith } from "headroom-ai/gemini";
import { withHeadroom as openaiWith } from "headroom-ai/openai";
import { headroom } from "headroom-ai/vercel-ai";
import { retrieveTool } from "headroom-ai";
import { afresh, log, needle, SHAPES } from "./payloads.mjs";
import { closedPort } from "./servers.mjs";

const apiKey = "sk-test";
const model = "m";
const NOBODY = { baseUrl: `http://127.0.0.1:${await closedPort()}` };
const CAN_ASK = { settings: { retrieval: true } };

beforeEach(afresh);

/** What stands in for the network: keeps the bodies, answers each with `answer`. */
function network(answer) {
  const sent = [];
  const fetch = async (_, { body }) => {
    sent.push(JSON.parse(body));
    return new Response(JSON.stringify(answer), { headers: { "content-type": "application/json" } });
  };
  return { sent, fetch };
}

function openai(options = CAN_ASK) {
  const { sent, fetch } = network({ object: "response", output: [], choices: [{ message: { role: "assistant", content: "ok" } }] });
  const client = new OpenAI({ apiKey, fetch, maxRetries: 0 });
  return { sent, client, wrapped: openaiWith(client, options) };
}

function anthropic(options = CAN_ASK) {
  const { sent, fetch } = network({ type: "message", role: "assistant", content: [{ type: "text", text: "ok" }] });
  return { sent, wrapped: anthropicWith(new Anthropic({ apiKey, fetch, maxRetries: 0 }), options) };
}

const question = (name) => ({ role: "user", content: name });
const isLight = (text, seed) => text.length < log(seed).length / 2 && text.includes(needle(seed));

test("the client that was given is not changed, and the other one is the same", async () => {
  const { sent, client, wrapped } = openai();
  assert.ok(wrapped instanceof OpenAI);
  assert.equal(wrapped.constructor, OpenAI);
  assert.equal(wrapped.get, wrapped.get);
  assert.equal(wrapped.chat.completions, wrapped.chat.completions);
  assert.equal(wrapped.apiKey, apiKey);
  const messages = [question("unchanged"), ...SHAPES.chat("c1", log(1))];
  const before = structuredClone(messages);
  await client.chat.completions.create({ model, messages });
  await wrapped.chat.completions.create({ model, messages });
  await wrapped.withOptions({ timeout: 1000 }).withOptions({}).chat.completions.create({ model, messages });
  assert.deepEqual(messages, before);
  assert.deepEqual(sent[0].messages, before);
  assert.ok(isLight(sent[1].messages[2].content, 1));
  assert.deepEqual(sent[2], sent[1]);
  wrapped.apiKey = "sk-other";
  assert.equal(client.apiKey, "sk-other");
});

test("what is not a client is a mistake that is told", () => {
  assert.throws(() => openaiWith({}), /no method `post`/);
});

test("a conversation may be joined midway: what stands before the model's last word stays", async () => {
  const { sent, wrapped } = openai();
  const messages = [question("midway"), ...SHAPES.chat("c1", log(1)), ...SHAPES.chat("c2", log(2))];
  await wrapped.chat.completions.create({ model, messages });
  assert.equal(sent[0].messages[2].content, log(1));
  assert.ok(isLight(sent[0].messages[4].content, 2));
});

test("without an engine on one turn and with one on the next, and the other way round", async () => {
  for (const [first, second] of [[{}, NOBODY], [NOBODY, {}]]) {
    const name = `turns ${JSON.stringify(first)}`;
    const turn = [question(name), ...SHAPES.anthropic("c1", log(1))];
    const sent = [];
    for (const [options, messages] of [[first, turn], [second, [...turn, ...SHAPES.anthropic("c2", log(2))]]]) {
      const client = anthropic({ ...CAN_ASK, ...options });
      await client.wrapped.messages.create({ model, max_tokens: 1, messages });
      sent.push(client.sent[0].messages);
    }
    assert.deepEqual(sent[1].slice(0, 3), sent[0]);
    assert.notDeepEqual(sent[1], sent[0]);
  }
});

test("an engine that is required and is not there: the request is not sent", async () => {
  const { sent, wrapped } = openai({ ...NOBODY, required: true });
  await assert.rejects(wrapped.chat.completions.create({ model, messages: [question("required")] }), /no engine answers/);
  assert.deepEqual(sent, []);
});

test("text is only left out where the model can ask for it", async () => {
  const tool = { type: "function", function: { name: `mcp__x__${retrieveTool.name}`, parameters: retrieveTool.parameters } };
  for (const [tools, asks] of [[undefined, false], [[{ type: "function", function: { name: "bash" } }], false], [[tool], true]]) {
    const { sent, wrapped } = openai({});
    await wrapped.chat.completions.create({ model, tools, messages: [question(`asks ${asks} ${tools}`), ...SHAPES.chat("c1", log(1))] });
    assert.equal(/h:[0-9a-f]{12}/.test(sent[0].messages[2].content), asks);
  }
});

test("what the provider holds is referred to by nothing", async () => {
  const items = (id) => SHAPES.responses(id, log(3));
  for (const [fields, refers] of [[{}, true], [{ previous_response_id: "resp_1" }, false], [{ conversation: "conv_1" }, false]]) {
    const { sent, wrapped } = openai();
    await wrapped.responses.create({ model, ...fields, input: [question(`held ${Object.keys(fields)}`), ...items("c1").slice(0, 1), ...items("c2"), items("c1")[1]] });
    const [first, second] = sent[0].input.filter(({ type }) => type === "function_call_output").map(({ output }) => output);
    assert.ok(isLight(first, 3));
    assert.equal(first === second, !refers);
  }
});

test("what the provider forgets is referred to by nothing", async () => {
  for (const clears of [false, true]) {
    const { sent, wrapped } = anthropic();
    const [one, two] = [SHAPES.anthropic("c1", log(4)), SHAPES.anthropic("c2", log(4))];
    const messages = [question(`forgets ${clears}`), { role: "assistant", content: [...one[0].content, ...two[0].content] }, { role: "user", content: [...one[1].content, ...two[1].content] }];
    const management = clears ? { context_management: { edits: [{ type: "clear_tool_uses_20250919" }] } } : {};
    await wrapped.beta.messages.create({ model, max_tokens: 1, messages, ...management });
    const [first, second] = sent[0].messages[2].content.map(({ content }) => content[0].text);
    assert.equal(first === second, clears);
  }
});

test("a provider that compacts is sent what was said", async () => {
  const { sent, wrapped } = openai();
  const input = [question("compact"), ...SHAPES.responses("c1", log(5)), { type: "compaction_trigger" }];
  await wrapped.responses.create({ model, input });
  assert.deepEqual(sent[0].input, input);
});

test("requests without a list of messages pass", async () => {
  const { sent, wrapped } = openai();
  await wrapped.responses.create({ model, input: log(6) });
  await wrapped.embeddings.create({ model, input: "x", encoding_format: "float" }).catch(() => undefined);
  assert.deepEqual([sent[0].input, sent[1].input], [log(6), "x"]);
});

test("an aborted request is aborted while the engine works", async () => {
  const { sent, wrapped } = openai();
  const signal = AbortSignal.abort();
  await assert.rejects(wrapped.chat.completions.create({ model, messages: [question("aborted")] }, { signal }));
  assert.deepEqual(sent, []);
});

test("Gemini's other ways to write contents, and a version without the inner methods", async () => {
  const seen = [];
  class Models {
    generateContent = async (params) => (seen.push(params.contents), {});
    generateContentStream = this.generateContent;
    embedContent = async () => "embedded";
  }
  const plain = { models: new Models(), chats: {} };
  const wrapped = geminiWith(plain, CAN_ASK);
  const contents = [{ role: "user", parts: [{ text: "other ways" }] }, ...SHAPES.gemini("c1", log(7))];
  await wrapped.models.generateContent({ model, contents });
  await wrapped.models.generateContentStream({ model, contents: "a bare string" });
  await wrapped.models.generateContent({ model, contents: { text: "a bare part" } });
  assert.ok(isLight(seen[0][2].parts[0].functionResponse.response.output, 7));
  assert.deepEqual(seen.slice(1), ["a bare string", { text: "a bare part" }]);
  assert.equal(await wrapped.models.embedContent(), "embedded");
  const real = geminiWith(new GoogleGenAI({ apiKey }), CAN_ASK);
  assert.ok(real instanceof GoogleGenAI);
  assert.equal(real.vertexai, false);
});

test("the middleware hands on every other parameter, and knows when OpenAI holds what came before", async () => {
  const middleware = headroom(CAN_ASK);
  const results = ["c1", "c2"].map((id) => SHAPES.vercel(id, log(8)));
  const prompt = [{ role: "assistant", content: results.flatMap(([call]) => call.content) }, { role: "tool", content: results.flatMap(([, result]) => result.content) }];
  const texts = async (name, providerOptions) => {
    const params = { prompt: [{ role: "user", content: [{ type: "text", text: name }] }, ...prompt], temperature: 1, providerOptions };
    const made = await middleware.transformParams({ type: "generate", params, model: { modelId: model } });
    assert.deepEqual({ ...made, prompt: null }, { ...params, prompt: null });
    return made.prompt[2].content.map(({ output }) => output.value);
  };
  const [first, second] = await texts("whole", undefined);
  assert.ok(isLight(first, 8) && first !== second);
  const [one, two] = await texts("held", { openai: { previousResponseId: "resp_1" } });
  assert.ok(isLight(one, 8) && one === two);
});

test("the tool answers a model in words, whatever it asks", async () => {
  const { sent, wrapped } = openai();
  await wrapped.chat.completions.create({ model, messages: [question("tool"), ...SHAPES.chat("c1", log(9))] });
  const [, handle] = /h:([0-9a-f]{12})/.exec(sent[0].messages[2].content);
  assert.equal(await retrieveTool.run({ handle: `h:${handle}` }), log(9));
  assert.equal(await retrieveTool.run({ handle, lines: 81, odd: {} }), `${needle(9)}\n`);
  for (const [input, words] of [[{ handle: "000000000000" }, /no original has/], [{}, /No handle/], [undefined, /No handle/], [{ handle, lines: "x" }, /lines=/]])
    assert.match(await retrieveTool.run(input), words);
});
