// An engine on this machine: one that runs, or one that is started and shared.
//
// Rules:
// * First what runs: a file `run/proxy-PORT.json` in our own data folder, whose process lives and answers; then the usual
//   port, unless another data folder was named. A process of another user is none of ours.
// * Nobody waits twice: concurrent calls share one search, and it goes on where a caller gives up.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { isObject } from "./encoding.js";
import { EngineError } from "./errors.js";
import { runFolder } from "./home.js";
import { hold, lives, start } from "./start.js";
import { state } from "./state.js";
import { ask } from "./transport.js";
import type { Engine } from "./types.js";

const USUAL_PORT = 8787;
const HEALTH_MS = 2000;
const AGAIN_MS = 30_000; // after a start that failed
const PRESENCE = /^proxy-\d+\.json$/;

/** The engine that answered last, or the first to be found. Rejects with an `EngineError` that says what to do. */
export function find(): Promise<Engine> {
  const shared = state();
  if (shared.engine) return Promise.resolve(shared.engine);
  shared.finding ??= search().then(
    (engine) => {
      shared.finding = undefined;
      return (shared.engine = engine);
    },
    (error: unknown) => {
      shared.finding = undefined;
      throw error;
    },
  );
  return shared.finding;
}

/** It does not answer any more: look again the next time. */
export function forget(engine: Engine): void {
  const shared = state();
  if (shared.engine?.url === engine.url) shared.engine = undefined;
}

async function search(): Promise<Engine> {
  if ((await announced()).length) await hold();
  const running = (await present()) ?? (process.env["HEADROOM_HOME"] ? undefined : await healthy(`http://127.0.0.1:${USUAL_PORT}`));
  if (running) return running;
  const shared = state();
  if (performance.now() - shared.failedAt < AGAIN_MS) throw shared.failure ?? new EngineError("no engine runs");
  try {
    return await start(present);
  } catch (error) {
    shared.failedAt = performance.now();
    shared.failure = error instanceof EngineError ? error : new EngineError(`an engine could not be started (${String((error as NodeJS.ErrnoException).code ?? error)})`);
    throw shared.failure;
  }
}

/** An engine that says in our data folder that it runs, and does. */
async function present(): Promise<Engine | undefined> {
  for (const path of await announced()) {
    const said = parsed(await readFile(path, "utf8").catch(() => ""));
    if (!isObject(said) || !lives(said["pid"]) || !fits(said)) continue;
    const { host, port } = said;
    if (typeof port !== "number" || typeof host !== "string") continue;
    const shown = ["0.0.0.0", "::", ""].includes(host) ? "127.0.0.1" : host;
    if (!/^(127\.[\d.]+|localhost|\[?::1\]?)$/.test(shown)) continue;
    const engine = await healthy(`http://${shown.includes(":") && !shown.startsWith("[") ? `[${shown}]` : shown}:${port}`);
    if (engine) return engine;
  }
  return undefined;
}

async function announced(): Promise<string[]> {
  const folder = runFolder();
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => PRESENCE.test(name)).map((name) => join(folder, name));
}

/** A leased engine that somebody wants for themselves at another level is not for us. */
function fits({ leased, arguments: told }: Record<string, unknown>): boolean {
  return leased !== true || !Array.isArray(told) || !told.some((word) => String(word).startsWith("--level"));
}

async function healthy(url: string): Promise<Engine | undefined> {
  try {
    const { status, text } = await ask(new URL("/health", url), { timeoutMs: HEALTH_MS });
    const said = parsed(text);
    const ours = status === 200 && isObject(said) && said["service"] === "headroom" && lives(said["pid"]);
    return ours ? { url, version: String(said["version"]) } : undefined;
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
