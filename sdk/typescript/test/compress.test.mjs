// `compress` with a real engine, at HEADROOM_URL: every shape, and what is on it that the engine does not know.

import assert from "node:assert/strict";
import { test } from "node:test";

import { compress, retrieve, EngineError } from "headroom-ai";
import { at, FIXTURES, log, needle, SHAPES, withValue } from "./payloads.mjs";

const URL_ = process.env.HEADROOM_URL;

/** What the engine makes of whole messages, by itself. */
async function alone(messages) {
  const body = JSON.stringify({ messages, conversation: true });
  const answer = await fetch(`${URL_}/v1/compress`, { method: "POST", body });
  return (await answer.json()).messages;
}

for (const [name, { messages, blocks }] of Object.entries(FIXTURES)) {
  test(`fixture ${name}: every text that may be edited is edited as the engine does`, async () => {
    const editable = blocks.filter((block) => block.editable && !block.picture);
    const long = editable.reduce((made, { path }, n) => withValue(made, path, log(n + 1)), messages);
    const before = structuredClone(long);
    const compressed = await compress(long);
    assert.deepEqual(long, before);
    assert.deepEqual([...compressed], await alone(long));
    const results = editable.filter((block) => block.role === "result" && !block.is_error && block.call?.[1]);
    assert.ok(compressed.edits.length >= (results.length && 1), "something was there to be saved");
    for (const edit of compressed.edits) {
      assert.equal(at(compressed, edit.path), edit.text);
      assert.equal(await retrieve(edit.handle), at(long, edit.path));
    }
    assert.ok(compressed.every((message, index) => (message === long[index]) === !compressed.edits.some((edit) => edit.path[0] === index)));
  });
}

for (const [name, shape] of Object.entries(SHAPES)) {
  test(`${name}: a result becomes lighter and says what was done`, async () => {
    const messages = [...shape("c1", log(1)), ...shape("c2", log(2))];
    const compressed = await compress(messages, { model: "gpt-5.5" });
    assert.equal(compressed.edits.length, 2);
    assert.ok(compressed.saved > 1000);
    assert.equal(compressed.saved, compressed.tokensBefore - compressed.tokensAfter);
    assert.deepEqual(compressed.failures, []);
    assert.equal(compressed.engine.url, URL_);
    assert.match(compressed.engine.version, /^\d+\.\d+/);
    assert.ok(JSON.stringify(compressed).includes(needle(1)));
    const again = await compress(compressed);
    assert.deepEqual([...again], [...compressed]);
  });
}

test("it is a plain array, whatever stands on it", async () => {
  const messages = SHAPES.chat("c1", log(1));
  const compressed = await compress(messages);
  assert.ok(Array.isArray(compressed));
  assert.deepEqual(Object.keys(compressed), ["0", "1"]);
  assert.equal(JSON.stringify(compressed), JSON.stringify([...compressed]));
  assert.deepEqual({ ...compressed }, { ...[...compressed] });
  assert.deepEqual(compressed, [...compressed]);
  assert.deepEqual(structuredClone(compressed), [...compressed]);
  assert.equal(compressed.map((each) => each).saved, undefined);
});

test("what the engine has no word for stays what it is, and the caller's objects stay as they were", async () => {
  class Part {
    #secret = 7;
    constructor(fields) {
      Object.assign(this, fields);
    }
  }
  const symbol = Symbol("mine");
  const [call, result] = SHAPES.anthropic("c1", log(1));
  const bytes = new Uint8Array(100_000).fill(7);
  const block = new Part({ ...result.content[0], cache_control: { type: "ephemeral" }, is_error: undefined, at: new Date(0), big: 10n, [symbol]: bytes });
  Object.defineProperty(block, "hidden", { value: 1, enumerable: false });
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data: bytes } };
  const messages = Object.freeze([
    Object.freeze({ role: "user", content: [image, Buffer.from("x")], nothing: undefined }),
    Object.freeze(call),
    Object.freeze({ ...result, content: Object.freeze([Object.freeze(block)]), id: "m1" }),
  ]);
  const compressed = await compress(messages);
  assert.equal(compressed.edits.length, 1);
  assert.deepEqual(compressed.failures, []);
  assert.equal(compressed[0], messages[0]);
  assert.equal(compressed[1], call);
  const made = compressed[2].content[0];
  assert.ok(made instanceof Part && made !== block);
  assert.deepEqual(Reflect.ownKeys(made), Reflect.ownKeys(block));
  for (const key of Reflect.ownKeys(block)) if (key !== "content") assert.equal(made[key], block[key]);
  assert.equal(compressed[2].id, "m1");
  assert.equal(block.content[0].text, log(1));
  made.content[0].text = "a copy is the caller's to change";
});

test("a table of records is compressed as the text that a provider is shown", async () => {
  const rows = Array.from({ length: 120 }, (_, id) => ({ id, type: "User", site_admin: false, login: `user-${id}`, score: (id * 7) % 13 }));
  const [call, result] = SHAPES.vercel("c1", "");
  result.content[0].output = { type: "json", value: rows, providerOptions: { x: { y: 1 } } };
  const compressed = await compress([call, result]);
  const { output } = compressed[1].content[0];
  assert.equal(output.type, "text");
  assert.deepEqual(output.providerOptions, { x: { y: 1 } });
  assert.ok(output.value.length < JSON.stringify(rows).length / 2);
  assert.equal(await retrieve(compressed.edits[0].handle), JSON.stringify(rows));
  assert.equal(result.content[0].output.value, rows);
});

test("a message that cannot be written down costs nobody else", async () => {
  const loop = { role: "user", content: [] };
  loop.content.push(loop);
  const odd = { role: "user", toJSON: () => ({ role: "user", content: log(5) }), content: "short" };
  const compressed = await compress([loop, odd, ...SHAPES.chat("c1", log(1))]);
  assert.deepEqual([compressed[0] === loop, compressed[1] === odd], [true, true]);
  assert.deepEqual(compressed.edits.map((edit) => edit.path), [[3, "content"]]);
  assert.ok(compressed.failures.some(({ where, path }) => where === "sdk" && path[0] === 0));
});

test("half a surrogate pair does not cost a text its saving", async () => {
  const text = log(9).replace("worker", "worker \ud83d");
  const compressed = await compress(SHAPES.chat("c1", text));
  assert.equal(compressed.edits.length, 1);
  assert.equal(await retrieve(compressed.edits[0].handle), text);
});

test("20 MB in one message", async () => {
  const text = Array.from({ length: 100 }, (_, n) => log(n, 3800)).join("\n");
  assert.ok(text.length > 18_000_000);
  const compressed = await compress(SHAPES.anthropic("c1", text), { timeoutMs: 110_000 });
  assert.deepEqual(compressed.failures, []);
  assert.ok(compressed[1].content[0].content[0].text.length < text.length / 10);
});

test("many at once get what each gets alone", async () => {
  const many = Array.from({ length: 24 }, (_, n) => [{ role: "user", content: `question ${n}` }, ...SHAPES.chat("c1", log(n))]);
  const together = await Promise.all(many.map((messages) => compress(messages)));
  for (const [n, compressed] of together.entries()) assert.deepEqual([...compressed], await alone(many[n]));
});

test("settings are the engine's, under names as TypeScript writes them", async () => {
  const messages = [{ role: "user", content: "settings" }, ...SHAPES.chat("c1", log(1))];
  const small = await compress(messages, { settings: { minTokens: 1_000_000 } });
  assert.deepEqual([small.edits.length, small.saved, small.failures.length], [0, 0, 0]);
  const wrong = await compress([{ role: "user", content: "wrong" }, ...messages], { settings: { level: "most" } });
  assert.equal(wrong.engine, null);
  assert.match(wrong.failures[0].reason, /level='most' does not exist/);
});

test("an original, or a part of it", async () => {
  const compressed = await compress([{ role: "user", content: "retrieve" }, ...SHAPES.chat("c1", log(3))]);
  const { handle } = compressed.edits[0];
  const lines = log(3).split("\n");
  assert.equal(await retrieve(`h:${handle}`, { lines: "3-4" }), `${lines[2]}\n${lines[3]}\n`);
  assert.equal(await retrieve(handle, { lines: 1 }), `${lines[0]}\n`);
  assert.match(await retrieve(handle, { grep: "session_timeout" }), /changed 3600 -> 3/);
  await assert.rejects(retrieve("000000000000"), (error) => error instanceof EngineError && /no original has the handle/.test(error.message));
  await assert.rejects(retrieve(handle, { lines: "x" }), /lines=/);
});

test("what is no array is a mistake, an empty one is none", async () => {
  for (const odd of ["hello", null, undefined, { role: "user" }]) await assert.rejects(compress(odd), TypeError);
  const compressed = await compress([]);
  assert.deepEqual([[...compressed], compressed.saved, compressed.failures], [[], 0, []]);
});

test("an aborted signal rejects with its reason", async () => {
  const reason = new Error("enough");
  await assert.rejects(compress(SHAPES.chat("c1", log(1)), { signal: AbortSignal.abort(reason) }), reason);
});
