// What an engine is asked, and what it answers: `POST /v1/compress` and `GET /v1/retrieve/HANDLE`.

import { isObject, isPath } from "./encoding.js";
import { EngineError } from "./errors.js";
import { find, forget } from "./find.js";
import { ask, TimeoutError, UnreachableError, type Answer } from "./transport.js";
import type { Edit, Engine, EngineOptions, Failure, Settings } from "./types.js";

const TIMEOUT_MS = 20_000; // 20 MB of new text take two seconds on an idle machine, a start one
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** What an engine answered to `/v1/compress`. */
export interface Decided {
  readonly engine: Engine;
  readonly tokensBefore: number;
  readonly tokensAfter: number;
  readonly edits: readonly Edit[];
  readonly failures: readonly Failure[];
}

/** Ask an engine for its edits. Rejects with an `EngineError`, or what the signal was aborted with. */
export async function decide(body: string, options: EngineOptions): Promise<Decided> {
  const { engine, answer } = await asked("/v1/compress", body, options);
  const said = parsed(answer.text);
  if (answer.status !== 200) throw refused(engine, answer.status, said);
  if (!isObject(said) || !Array.isArray(said["edits"]) || !Array.isArray(said["failures"]) || !isCount(said["tokens_before"]) || !isCount(said["tokens_after"]))
    throw new EngineError(`what listens at ${hostOf(engine)} does not answer as an engine does`);
  return {
    engine: { url: engine.url, version: typeof said["version"] === "string" ? said["version"] : engine.version },
    tokensBefore: said["tokens_before"],
    tokensAfter: said["tokens_after"],
    edits: said["edits"].map((each) => edit(each, engine)),
    failures: said["failures"].filter(isObject).map(failure),
  };
}

/** Ask for an original. */
export async function original(handle: string, slice: Readonly<Record<string, string>>, options: EngineOptions): Promise<string> {
  const query = new URLSearchParams(slice).toString();
  const { engine, answer } = await asked(`/v1/retrieve/${encodeURIComponent(handle)}${query && `?${query}`}`, undefined, options);
  const said = parsed(answer.text);
  if (answer.status !== 200) throw refused(engine, answer.status, said);
  if (!isObject(said) || typeof said["original_content"] !== "string") throw new EngineError(`what listens at ${hostOf(engine)} does not answer as an engine does`);
  return said["original_content"];
}

/** Settings under the engine's names. */
export function named(settings: Settings): Record<string, unknown> {
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [snake(name), value as unknown]));
}

interface Asked {
  readonly engine: Engine;
  readonly answer: Answer;
}

async function asked(path: string, body: string | undefined, options: EngineOptions): Promise<Asked> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const until = performance.now() + timeoutMs;
  const token = options.token ?? process.env["HEADROOM_TOKEN"];
  const named = options.baseUrl ?? process.env["HEADROOM_URL"];
  const send = async (engine: Engine): Promise<Asked> => {
    const asking = { token, timeoutMs: Math.round(until - performance.now()), signal: options.signal };
    const url = new URL(engine.url.replace(/\/+$/, "") + path);
    return { engine, answer: await ask(url, body === undefined ? asking : { ...asking, method: "POST", body }) };
  };
  options.signal?.throwIfAborted();
  if (named) return await send(checked(named)).catch((error: unknown) => Promise.reject(withFix(error, named)));
  for (let again = true; ; again = false) {
    const engine = await within(find(), until, timeoutMs, options.signal);
    try {
      return await send(engine);
    } catch (error) {
      forget(engine);
      if (!again || !(error instanceof UnreachableError)) throw error; // it died: there may be another, or one is started
    }
  }
}

function checked(url: string): Engine {
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new EngineError(`baseUrl ${JSON.stringify(url.slice(0, 80))} is no URL such as http://127.0.0.1:8787`);
  return { url, version: "" };
}

/** Somebody named a place where nobody listens: on this machine one command helps. */
function withFix(error: unknown, url: string): unknown {
  const { hostname, port } = new URL(url);
  if (!(error instanceof UnreachableError) || !LOOPBACK.test(hostname)) return error;
  return new UnreachableError(error.message, `headroom proxy --port ${port || 80}`);
}

/** Wait for a search no longer than the caller does; it goes on for the next one. */
async function within<T>(search: Promise<T>, until: number, timeoutMs: number, signal: AbortSignal | undefined): Promise<T> {
  let stop = (): void => undefined;
  const given = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError(`no engine was found or started within ${timeoutMs} ms`)), Math.max(0, until - performance.now()));
    const aborted = (): void => reject(signal?.reason as Error);
    signal?.addEventListener("abort", aborted, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
    };
  });
  try {
    return await Promise.race([search, given]);
  } finally {
    stop();
  }
}

function refused(engine: Engine, status: number, said: unknown): EngineError {
  const error = isObject(said) ? said["error"] : undefined;
  const message = isObject(error) && typeof error["message"] === "string" ? error["message"] : "";
  if (status === 401) return new EngineError(`the engine at ${hostOf(engine)} asks for a token: pass token, or set HEADROOM_TOKEN`);
  return new EngineError(message || `the engine at ${hostOf(engine)} answered ${status}`);
}

function edit(said: unknown, engine: Engine): Edit {
  if (!isObject(said) || !isPath(said["path"]) || typeof said["path"][0] !== "number" || typeof said["text"] !== "string" || typeof said["handle"] !== "string")
    throw new EngineError(`the engine at ${hostOf(engine)} is older than this package`, 'pip install -U "headroom-ai[proxy]"');
  return {
    path: said["path"],
    text: said["text"],
    compressor: String(said["compressor"]),
    lossless: said["lossless"] === true,
    handle: said["handle"],
    tokensBefore: Number(said["tokens_before"]) || 0,
    tokensAfter: Number(said["tokens_after"]) || 0,
  };
}

function failure(said: Record<string, unknown>): Failure {
  return { where: String(said["where"]), reason: String(said["reason"]), path: isPath(said["path"]) ? said["path"] : [] };
}

function hostOf(engine: Engine): string {
  return new URL(engine.url).host; // never the path: a token may stand there
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
