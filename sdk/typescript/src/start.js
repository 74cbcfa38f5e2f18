// An engine of our own: `headroom proxy --leased --port 0`, which serves while somebody holds a lease.
//
// Rules:
// * A lease is a file `run/lease-PID-RANDOM`, good as long as its process lives. So nothing is left behind when this process
//   ends or is killed: the engine sees that nobody needs it.
// * Whoever starts one holds `run/starting`; the others wait for what comes of it. A lock whose holder is dead counts for nothing.
// * It runs in our data folder: it keeps no folder of the user's busy, and imports nothing from there.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, rmSync } from "node:fs";
import { access, constants, mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { EngineError } from "./errors.js";
import { home, runFolder } from "./home.js";
import { state } from "./state.js";
const START_MS = 20_000; // it takes about one second on an idle machine
const STEP_MS = 25;
const TAIL = 2000; // bytes of what it printed that say why it ended
export const INSTALL = 'pip install "headroom-ai[proxy]"';
const ARGUMENTS = ["proxy", "--leased", "--port", "0"];
/** Whether a process of this user lives. */
export function lives(pid) {
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid <= 0)
        return false;
    try {
        process.kill(pid, 0);
        return true;
    }
    catch {
        return false; // gone, or another user's
    }
}
/** Take a lease, once in a process; it goes when the process ends. */
export async function hold() {
    const shared = state();
    const folder = runFolder();
    if (shared.lease?.startsWith(folder))
        return;
    const lease = join(folder, `lease-${process.pid}-${randomBytes(6).toString("hex")}`);
    try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(lease, "", { mode: 0o600 });
    }
    catch {
        return; // no place to write: an engine that needs no lease may still be found
    }
    shared.lease = lease;
    process.once("exit", () => rmSync(lease, { force: true }));
}
/** Start an engine, or wait for one that somebody else starts. */
export async function start(present) {
    const programs = await installed();
    if (!programs.length)
        throw new EngineError("no engine is installed", INSTALL); // and nothing is written anywhere
    await hold();
    const until = performance.now() + START_MS;
    const lock = join(runFolder(), "starting");
    while (!(await locked(lock))) {
        const engine = await present();
        if (engine)
            return engine;
        if (performance.now() > until)
            throw new EngineError(`an engine that somebody else starts did not come within ${START_MS} ms`, "headroom doctor");
        await pause(STEP_MS);
    }
    try {
        return (await present()) ?? (await launched(programs, present, until));
    }
    finally {
        await rm(lock, { force: true });
    }
}
async function locked(lock) {
    try {
        const file = await open(lock, "wx", 0o600);
        await file.writeFile(String(process.pid));
        await file.close();
        return true;
    }
    catch (error) {
        if (error.code !== "EEXIST")
            throw error;
    }
    const [holder, made] = await Promise.all([readFile(lock, "utf8").catch(() => ""), stat(lock).catch(() => undefined)]);
    const age = made ? Date.now() - made.mtimeMs : 0;
    if (age > START_MS || (holder && !lives(Number(holder))))
        await rm(lock, { force: true });
    return false;
}
async function launched(programs, present, until) {
    let said = "";
    for (const [program, ...first] of programs) {
        const log = new Log();
        const child = spawn(program, [...first, ...ARGUMENTS], {
            cwd: home(),
            detached: true,
            windowsHide: true,
            stdio: ["ignore", "ignore", log.file],
            env: { ...process.env, HEADROOM_URL: undefined },
        });
        const ended = ending(child);
        child.unref();
        try {
            for (;;) {
                const engine = await present();
                if (engine)
                    return engine;
                if (ended.done)
                    break;
                if (performance.now() > until) {
                    child.kill();
                    throw new EngineError(`${program} proxy did not start within ${START_MS} ms`, "headroom doctor");
                }
                await pause(STEP_MS);
            }
            said = log.tail() || said;
        }
        finally {
            log.close();
        }
        if (!/No module named/.test(said))
            break; // this is ours: it says itself what is wrong
    }
    throw refused(said);
}
function refused(said) {
    if (/No such option:? '?--leased/.test(said))
        return new EngineError("the engine is older than this package", 'pip install -U "headroom-ai[proxy]"');
    if (/No module named|headroom-ai\[proxy\]/.test(said))
        return new EngineError("no engine is installed", INSTALL);
    return new EngineError(`the engine ended at start: ${said.trim().split("\n").at(-1) ?? ""}`, "headroom doctor");
}
function ending(child) {
    const ended = { done: false };
    child.on("error", () => (ended.done = true));
    child.on("exit", () => (ended.done = true));
    return ended;
}
/** Commands that start our program: its own name on the path, else a Python that may have it. */
async function installed() {
    const found = [];
    for (const [name, ...rest] of [["headroom"], ["python3", "-m", "headroom"], ["python", "-m", "headroom"]]) {
        const program = await onPath(name);
        if (program)
            found.push([program, ...rest]);
    }
    return found;
}
async function onPath(name) {
    const endings = process.platform === "win32" ? [".exe"] : [""];
    for (const folder of (process.env["PATH"] ?? "").split(delimiter).filter(Boolean)) {
        for (const ending of endings) {
            const program = join(folder, name + ending);
            if (await access(program, constants.X_OK).then(() => true, () => false))
                return program;
        }
    }
    return undefined;
}
/** What a child prints to standard error: in a file without a name, since a pipe would break when we end. */
class Log {
    file;
    constructor() {
        const path = join(tmpdir(), `headroom-${randomBytes(6).toString("hex")}`);
        this.file = openSync(path, "wx+", 0o600);
        rmSync(path, { force: true });
    }
    tail() {
        const { size } = fstatSync(this.file);
        const bytes = Buffer.alloc(Math.min(size, TAIL));
        readSync(this.file, bytes, 0, bytes.length, size - bytes.length);
        return bytes.toString("utf8");
    }
    close() {
        closeSync(this.file);
    }
}
