// An engine of our own: `headroom proxy --leased --port 0`, which serves while somebody holds a lease.
//
// Rules:
// * A lease is a file `run/lease-PID-RANDOM`, good as long as its process lives. So nothing is left behind when this process
//   ends or is killed: the engine sees that nobody needs it.
// * Whoever starts one holds `run/starting`; the others wait for what comes of it. A lock whose holder is dead counts for nothing.
// * It runs in our data folder: it keeps no folder of the user's busy, and imports nothing from there.

import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync, rmSync } from "node:fs";
import { access, constants, mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { EngineError } from "./errors.js";
import { home, runFolder } from "./home.js";
import { state } from "./state.js";
import type { Engine } from "./types.js";

const START_MS = 60_000; // it takes about one second on an idle machine; callers stop waiting earlier
const STEP_MS = 25;
const LOG = "leased.log"; // what it printed, by the name that other programs of ours use
const TAIL = 2000; // characters of it that say why it ended

export const INSTALL = 'pip install "headroom-ai[proxy]"';
const ARGUMENTS = ["proxy", "--leased", "--port", "0"];

/** Whether a process of this user lives. */
export function lives(pid: unknown): boolean {
  if (typeof pid !== "number" || !Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // gone, or another user's
  }
}

/** Take a lease, once in a process; it goes when the process ends. Taken before one looks: what is found does not stop then. */
export async function hold(): Promise<void> {
  const shared = state();
  const folder = runFolder();
  if (shared.lease?.startsWith(folder)) return;
  const lease = join(folder, `lease-${process.pid}-${randomBytes(6).toString("hex")}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(lease, "", { mode: 0o600 });
  } catch {
    return; // no place to write: an engine that needs no lease may still be found
  }
  shared.lease = lease;
  process.once("exit", () => rmSync(lease, { force: true }));
}

/** Start an engine, or wait for one that somebody else starts. */
export async function start(present: () => Promise<Engine | undefined>): Promise<Engine> {
  const programs = await installed();
  if (!programs.length) throw new EngineError("no engine is installed", INSTALL); // and nothing is written anywhere
  await hold();
  const until = performance.now() + START_MS;
  const lock = join(runFolder(), "starting");
  while (!(await locked(lock))) {
    const engine = await present();
    if (engine) return engine;
    if (performance.now() > until) throw new EngineError(`an engine that somebody else starts did not come within ${START_MS} ms`, "headroom doctor");
    await pause(STEP_MS);
  }
  try {
    return (await present()) ?? (await launched(programs, present, until));
  } finally {
    await rm(lock, { force: true });
  }
}

async function locked(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, "wx", 0o600);
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const [holder, made] = await Promise.all([readFile(lock, "utf8").catch(() => ""), stat(lock).catch(() => undefined)]);
  const age = made ? Date.now() - made.mtimeMs : 0;
  if (age > START_MS || (holder && !lives(Number(holder)))) await rm(lock, { force: true });
  return false;
}

async function launched(programs: string[][], present: () => Promise<Engine | undefined>, until: number): Promise<Engine> {
  let said = "";
  for (const [program, ...first] of programs) {
    const log = join(runFolder(), LOG);
    const file = openSync(log, "w", 0o600);
    const child = spawn(program as string, [...first, ...ARGUMENTS], {
      cwd: home(),
      detached: true,
      windowsHide: true,
      stdio: ["ignore", file, file],
      env: { ...process.env, HEADROOM_URL: undefined },
    });
    const ended = ending(child);
    child.unref();
    closeSync(file);
    for (let done = false; !done; await pause(STEP_MS)) {
      done = ended.done; // asked first: one that found another like itself has ended, and that other is there
      const engine = await present();
      if (engine) return engine;
      if (performance.now() > until) {
        child.kill();
        throw new EngineError(`${program} proxy did not start within ${START_MS} ms`, "headroom doctor");
      }
    }
    said = (await readFile(log, "utf8").catch(() => "")).slice(-TAIL) || said;
    if (!/No module named/.test(said)) break; // this is ours: it says itself what is wrong
  }
  throw refused(said);
}

function refused(said: string): EngineError {
  if (/No such option:? '?--leased/.test(said)) return new EngineError("the engine is older than this package", 'pip install -U "headroom-ai[proxy]"');
  if (/No module named|headroom-ai\[proxy\]/.test(said)) return new EngineError("no engine is installed", INSTALL);
  return new EngineError(`the engine ended at start: ${said.trim().split("\n").at(-1) ?? ""}`, "headroom doctor");
}

function ending(child: ChildProcess): { done: boolean } {
  const ended = { done: false };
  child.on("error", () => (ended.done = true));
  child.on("exit", () => (ended.done = true));
  return ended;
}

/** Commands that start our program: its own name on the path, else a Python that may have it. */
async function installed(): Promise<string[][]> {
  const found: string[][] = [];
  for (const [name, ...rest] of [["headroom"], ["python3", "-m", "headroom"], ["python", "-m", "headroom"]]) {
    const program = await onPath(name as string);
    if (program) found.push([program, ...rest]);
  }
  return found;
}

async function onPath(name: string): Promise<string | undefined> {
  const endings = process.platform === "win32" ? [".exe"] : [""];
  for (const folder of (process.env["PATH"] ?? "").split(delimiter).filter(Boolean)) {
    for (const ending of endings) {
      const program = join(folder, name + ending);
      if (await access(program, constants.X_OK).then(() => true, () => false)) return program;
    }
  }
  return undefined;
}
