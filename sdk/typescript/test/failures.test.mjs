// What goes wrong between the package and an engine: the messages come back as they came, and the failure is told.
// HEADROOM_URL names a real engine; the others are servers that misbehave.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { compress, EngineError } from "headroom-ai";
import { afresh, log, SHAPES } from "./payloads.mjs";
import { bodyOf, closedPort, says, serving } from "./servers.mjs";

const ENGINE = process.env.HEADROOM_URL;
const conversation = (name, ...seeds) => [{ role: "user", content: name }, ...seeds.flatMap((seed) => SHAPES.chat(`c${seed}`, log(seed)))];

beforeEach(() => {
  afresh();
  mock.method(console, "warn", () => undefined);
});
afterEach(() => mock.restoreAll());

async function goesOutAsItCame(options, reason) {
  afresh();
  const messages = conversation("as it came", 1);
  const compressed = await compress(messages, options);
  assert.deepEqual([...compressed], messages);
  assert.ok(compressed.every((message, index) => message === messages[index]));
  assert.deepEqual([compressed.engine, compressed.saved, compressed.tokensBefore, compressed.edits], [null, 0, null, []]);
  assert.deepEqual(compressed.failures.map(({ where }) => where), ["engine"]);
  assert.match(compressed.failures[0].reason, reason);
  assert.ok(!JSON.stringify(compressed.failures).includes("worker"), "no payload in a failure");
  await assert.rejects(compress(conversation("required", 1), { ...options, required: true }), (error) => error instanceof EngineError && reason.test(error.message));
}

test("nobody listens where it was named, and one command helps", async () => {
  const port = await closedPort();
  await goesOutAsItCame({ baseUrl: `http://127.0.0.1:${port}` }, new RegExp(`no engine answers.*Fix: headroom proxy --port ${port}$`));
  await compress(conversation("again", 2), { baseUrl: `http://127.0.0.1:${port}` });
  assert.equal(console.warn.mock.callCount(), 1, "once in a process");
});

test("a base URL that is none", async () => {
  for (const baseUrl of ["nonsense", "ftp://127.0.0.1/", "http://"]) await goesOutAsItCame({ baseUrl }, /is no URL such as/);
});

test("it hangs", async () => {
  await serving(() => undefined, (baseUrl) => goesOutAsItCame({ baseUrl, timeoutMs: 50 }, /did not answer within 50 ms/));
});

test("it hangs in the middle of an answer", async () => {
  const half = (_, response) => response.writeHead(200, { "content-length": 100 }).write('{"edits":[');
  await serving(half, (baseUrl) => goesOutAsItCame({ baseUrl, timeoutMs: 50 }, /did not answer within 50 ms/));
});

test("it dies in the middle of an answer", async () => {
  const cut = (_, response) => {
    response.writeHead(200, { "content-length": 100 }).write('{"edits":[');
    setImmediate(() => response.destroy());
  };
  await serving(cut, (baseUrl) => goesOutAsItCame({ baseUrl }, /no engine answers/));
});

test("it answers with something else", async () => {
  const figures = { edits: [], failures: [], tokens_before: 1, tokens_after: 1 };
  const odd = ["", "<html>", "null", "[]", "{}", { ...figures, edits: {} }, { ...figures, failures: null }, { ...figures, tokens_before: "x" }, "\u0000".repeat(1000)];
  for (const body of odd) await serving(says(200, body), (baseUrl) => goesOutAsItCame({ baseUrl }, /does not answer as an engine does/));
  await serving(says(500, "oh"), (baseUrl) => goesOutAsItCame({ baseUrl }, /answered 500/));
  await serving(says(401, "{}"), (baseUrl) => goesOutAsItCame({ baseUrl }, /asks for a token/));
});

test("an engine that gives no texts is older than this package", async () => {
  const old = { path: [2, "content"], handle: "0123456789ab", compressor: "logs", lossless: true };
  const answer = says(200, { messages: [], edits: [old], failures: [], tokens_before: 9, tokens_after: 1 });
  await serving(answer, (baseUrl) => goesOutAsItCame({ baseUrl }, /older than this package.*pip install -U/));
});

test("edits that fit nothing are left out, and told", async () => {
  const fields = { text: "x", handle: "0123456789ab", compressor: "logs", lossless: true, tokens_before: 9, tokens_after: 1 };
  const paths = [[2, "content"], [2, "content", 0, "text"], [2, "__proto__", "polluted"], [2, "constructor", "name"], [2], [99, "content"]];
  for (const path of paths) {
    afresh();
    const messages = conversation("fits nothing", 1);
    const answer = says(200, { edits: [{ ...fields, path }], failures: [], tokens_before: 9, tokens_after: 1 });
    const compressed = await serving(answer, (baseUrl) => compress(messages, { baseUrl }));
    assert.deepEqual([...compressed], messages);
    assert.deepEqual([compressed.edits, compressed.saved, {}.polluted], [[], 0, undefined]);
    if (path[0] < messages.length) assert.deepEqual(compressed.failures.map(({ reason }) => reason), ["the engine read another text than stands here"]);
  }
});

test("a redirect is not followed", async () => {
  let asked = 0;
  await serving(
    (_, response) => (asked++, response.end("{}")),
    (elsewhere) => serving(says(307, "", { location: `${elsewhere}/v1/compress` }), (baseUrl) => goesOutAsItCame({ baseUrl }, /answered 307/)),
  );
  assert.equal(asked, 0);
});

test("a token goes along, under a name that no proxy passes on", async () => {
  const seen = [];
  const answer = async (request, response) => {
    seen.push([request.headers["x-headroom-token"], request.headers.authorization]);
    says(500, "{}")(request, response);
  };
  await serving(answer, (baseUrl) => compress([], { baseUrl, token: "t0ken" }));
  assert.deepEqual(seen, [["t0ken", undefined]]);
});

test("an engine that closed a kept connection is asked again", async () => {
  let count = 0;
  const answer = (request, response) => {
    count += 1;
    if (count === 2) return request.socket.destroy();
    says(200, { edits: [], failures: [], tokens_before: 5, tokens_after: 5 })(request, response);
  };
  await serving(answer, async (baseUrl) => {
    for (const name of ["one", "two"]) assert.equal((await compress(conversation(name), { baseUrl })).tokensBefore, 5);
  });
  assert.equal(count, 3);
});

// What went out stays as it went out.

const NOBODY = { baseUrl: `http://127.0.0.1:${await closedPort()}` };

test("without an engine first: what went out stays when there is one", async () => {
  const first = await compress(conversation("off, on", 1), NOBODY);
  assert.equal(first.engine, null);
  const longer = conversation("off, on", 1, 2);
  const second = await compress(longer);
  assert.deepEqual(second.slice(0, 3), [...first]);
  assert.deepEqual(second.edits.map(({ path }) => path[0]), [4]);
  assert.ok(second.failures.some(({ reason }) => /3 messages went out without an engine before/.test(reason)));
  const third = await compress(conversation("off, on", 1, 2, 3));
  assert.deepEqual(third.slice(0, 5), [...second]);
});

test("with an engine first: what went out stays when there is none", async () => {
  const first = await compress(conversation("on, off", 1));
  assert.equal(first.edits.length, 1);
  const marked = conversation("on, off", 1, 2).map((message, index) => (index === 2 ? { ...message, content: [{ type: "text", text: message.content, cache_control: { type: "ephemeral" } }] } : message));
  const second = await compress(marked, NOBODY);
  assert.equal(second.engine, null);
  assert.equal(second[2].content[0].text, first[2].content);
  assert.deepEqual(second[2].content[0].cache_control, { type: "ephemeral" });
  assert.equal(second[4], marked[4]);
  assert.ok(second.saved > 100);
  const third = await compress(conversation("on, off", 1, 2, 3));
  assert.deepEqual(third.slice(0, 3), [...first]);
  assert.deepEqual(third.edits.map(({ path }) => path[0]), [2, 6]);
});

test("an answer that comes too late decides nothing", async () => {
  let decided;
  const late = new Promise((resolve) => (decided = resolve));
  const relay = async (request) => {
    const answer = await fetch(`${ENGINE}${request.url}`, { method: "POST", body: await bodyOf(request) });
    decided((await answer.json()).edits.length);
  };
  await serving(relay, async (baseUrl) => {
    const first = await compress(conversation("late", 1), { baseUrl, timeoutMs: 1000 });
    assert.equal(first.engine, null);
    assert.equal(await late, 1, "the engine has decided, and nobody heard of it");
    const second = await compress(conversation("late", 1, 1));
    assert.deepEqual(second.slice(0, 3), [...first]);
    assert.deepEqual(second.edits.map(({ path }) => path[0]), [4]);
  });
});

test("whatever becomes of the engine from turn to turn, what went out stays", async () => {
  const relay = async (request) => void (await fetch(`${ENGINE}${request.url}`, { method: "POST", body: await bodyOf(request) }).catch(() => undefined));
  await serving(relay, async (silent) => {
    const ways = { on: {}, off: NOBODY, late: { baseUrl: silent, timeoutMs: 100 } };
    const names = Object.keys(ways);
    for (let n = 0; n < names.length ** 3; n++) {
      const pattern = [n % 3, Math.floor(n / 3) % 3, Math.floor(n / 9)].map((at) => names[at]);
      let before = [];
      for (const [turn, way] of [...pattern, "on"].entries()) {
        const seeds = [1, 1, 2, 1].slice(0, turn + 1); // repeats too, which refer to what stands before
        const sent = await compress([{ role: "user", content: pattern.join() }, ...seeds.flatMap((seed, at) => SHAPES.chat(`c${at}`, log(seed)))], ways[way]);
        assert.deepEqual(sent.slice(0, before.length), before, `${pattern} at turn ${turn}`);
        before = [...sent];
      }
      assert.ok(before.at(-1).content.length < log(1).length / 2, "and what is new becomes lighter");
    }
  });
});

test("a program that is started anew may say what was sent", async () => {
  await compress(conversation("anew", 1), NOBODY);
  afresh();
  const compressed = await compress(conversation("anew", 1, 2), { sent: "answered" });
  assert.deepEqual(compressed.edits.map(({ path }) => path), [[4, "content"]]);
  afresh();
  const counted = await compress(conversation("counted", 1, 2), { sent: 4 });
  assert.deepEqual(counted.edits.map(({ path }) => path), [[4, "content"]]);
});

test("an engine that lost its store changes nothing that went out", async () => {
  const first = await compress(conversation("lost", 1));
  const other = { text: "other", handle: first.edits[0].handle, lossless: false, tokens_before: 9, tokens_after: 1, path: [2, "content"], compressor: "logs" };
  const repeat = { ...other, text: "[as above]", path: [4, "content"], compressor: "repeats" };
  const answer = says(200, { edits: [other, repeat], failures: [], tokens_before: 18, tokens_after: 2 });
  const second = await serving(answer, (baseUrl) => compress(conversation("lost", 1, 1), { baseUrl }));
  assert.deepEqual(second.slice(0, 3), [...first]);
  assert.equal(second[4].content, log(1), "no reference into what was never shown");
});

test("an aborted call lets nothing out, so it remembers nothing", async () => {
  const stop = new AbortController();
  await serving(
    () => stop.abort(new Error("stopped")),
    (baseUrl) => assert.rejects(compress(conversation("aborted", 1), { baseUrl, signal: stop.signal }), /stopped/),
  );
  assert.equal((await compress(conversation("aborted", 1))).edits.length, 1);
});
