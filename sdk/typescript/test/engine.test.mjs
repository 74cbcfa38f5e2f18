// Finding an engine, starting one, sharing it, and leaving nothing behind. `headroom` is on the PATH, HEADROOM_HOME is empty.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync, chmodSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, mock, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

import { compress } from "headroom-ai";
import { afresh, log, SHAPES } from "./payloads.mjs";
import { closedPort, says, serving } from "./servers.mjs";

const PROGRAM = new URL("asks.mjs", import.meta.url).pathname;
const PATH = process.env.PATH;
const run = promisify(execFile);
const conversation = (name, ...seeds) => [{ role: "user", content: name }, ...seeds.flatMap((seed) => SHAPES.chat(`c${seed}`, log(seed)))];
const OPTIONS = { timeoutMs: 100_000 };

beforeEach(() => {
  afresh();
  process.env.HEADROOM_HOME = mkdtempSync(join(tmpdir(), "headroom-test-"));
  process.env.PATH = PATH;
  mock.method(console, "warn", () => undefined);
});
after(() => mock.restoreAll());

const runFolder = () => join(process.env.HEADROOM_HOME, "run");
const left = () => (existsSync(runFolder()) ? readdirSync(runFolder()) : []);
const engines = () => left().filter((name) => name.startsWith("proxy-")).map((name) => JSON.parse(readFileSync(join(runFolder(), name), "utf8")));
const lives = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Wait until something holds; what never does is found by the test's own end. */
async function until(holds) {
  while (!holds()) await pause(20);
}

/** The PATH with programs of our own making, and nothing else but Node and a shell. */
function pathWith(programs) {
  const folder = mkdtempSync(join(tmpdir(), "headroom-bin-"));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

async function nobody(reason) {
  const messages = conversation("nobody", 1);
  const compressed = await compress(messages, OPTIONS);
  assert.deepEqual([compressed.engine, [...compressed]], [null, messages]);
  assert.match(compressed.failures[0].reason, reason);
}

test("nothing is installed: one command helps, and nothing is written anywhere", async () => {
  process.env.PATH = pathWith({});
  await nobody(/^no engine is installed\. Fix: pip install "headroom-ai\[proxy\]"$/);
  assert.match(console.warn.mock.calls[0].arguments[0], /Fix: pip install/);
  assert.deepEqual(readdirSync(process.env.HEADROOM_HOME), []);
});

test("what is installed cannot serve: it says why", async () => {
  const programs = [
    [{ headroom: `echo 'Error: the proxy needs more packages (aiohttp): pip install "headroom-ai[proxy]"' >&2; exit 1` }, /no engine is installed\. Fix: pip install/],
    [{ headroom: "echo \"Error: No such option: --leased\" >&2; exit 2" }, /older than this package\. Fix: pip install -U/],
    [{ headroom: "echo 'Error: config.toml is not TOML' >&2; exit 1" }, /ended at start: Error: config.toml is not TOML\. Fix: headroom doctor/],
    [{ python3: "echo \"$0: No module named headroom\" >&2; exit 1", python: "exit 1" }, /ended at start|no engine is installed/],
    [{ headroom: "not a program" }, /ended at start/],
  ];
  for (const [made, reason] of programs) {
    afresh();
    process.env.PATH = pathWith(made);
    await nobody(reason);
  }
});

test("leftovers and strangers are passed by", async () => {
  process.env.PATH = pathWith({});
  mkdirSync(runFolder());
  const stranger = says(200, { service: "headroom", status: "ok", version: "9", pid: 2 ** 22 + 7 });
  await serving(stranger, async (url) => {
    const port = Number(new URL(url).port);
    const own = { pid: process.pid, host: "127.0.0.1", version: "9", started: 0 };
    const said = ["", "{", "[]", { ...own, port: await closedPort() }, { ...own, port, pid: 2 ** 22 + 7 }, { ...own, port }, { ...own, port: "80" }, { ...own, port: 80, host: "example.org" }];
    for (const [n, each] of said.entries()) writeFileSync(join(runFolder(), `proxy-${n + 1}.json`), typeof each === "string" ? each : JSON.stringify(each));
    await nobody(/^no engine is installed/);
  });
});

test("one is started, shared by programs that know nothing of each other, and goes with the last of them", async () => {
  const programs = ["one", "two", "three"].map((name) => run(process.execPath, [PROGRAM, name, "3"], { env: process.env }));
  const pids = new Set();
  const watch = setInterval(() => engines().forEach(({ pid }) => pids.add(pid)), 20);
  const answers = (await Promise.all(programs)).flatMap(({ stdout }) => JSON.parse(stdout));
  clearInterval(watch);
  assert.equal(answers.length, 9);
  assert.deepEqual(new Set(answers.map(({ url }) => url)).size, 1);
  assert.ok(answers.every(({ edits, failures }) => edits === 1 && failures.length === 0));
  assert.equal(pids.size, 1);
  await until(() => !lives([...pids][0]));
  assert.deepEqual(left().filter((name) => !name.startsWith("leased.")), []);
});

test("a program that is killed leaves nothing behind", async () => {
  const child = spawn(process.execPath, [PROGRAM, "killed", "1", "stay"], { env: process.env, stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const [{ pid }] = engines();
  child.kill("SIGKILL");
  await until(() => !lives(pid));
  assert.deepEqual(left().filter((name) => !name.startsWith("leased.")), []);
});

test("an engine that is killed is replaced, and what went out stays", async () => {
  const first = await compress(conversation("replaced", 1), OPTIONS);
  assert.equal(first.edits.length, 1);
  const [{ pid }] = engines();
  process.kill(pid, "SIGKILL");
  await until(() => !lives(pid));
  const second = await compress(conversation("replaced", 1, 2), OPTIONS);
  assert.deepEqual(second.slice(0, 3), [...first]);
  assert.deepEqual([second.edits.length, second.failures], [2, []]);
  assert.notEqual(second.engine.url, first.engine.url);
});
